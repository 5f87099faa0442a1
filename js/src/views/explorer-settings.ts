import { button, fill, h } from "../core/dom";
import { type Chosen, settingKey } from "../core/settings";
import type { Explorer, Option, Setting } from "../generated/views";
import { formMark, marked, markOf } from "./here";
import type { Looking } from "./looking";

/** What a reader changes about how maps are measured. */
export interface SettingChange {
  wanted?: Partial<Chosen>;
  form?: string;
}

/** How the maps are measured: direction, corruption, metrics, and the form of path patching. */
export class ExplorerSettings {
  private readonly direction = this.select((direction) => ({ wanted: { direction } }));
  private readonly corruption = this.select((corruption) => ({ wanted: { corruption } }));
  private readonly form = this.select((form) => ({ form }));
  private readonly metrics = h("span", {
    class: "pw-metrics",
    role: "group",
    "aria-label": "metrics that are read",
  });
  private readonly more = this.select((metric) => ({
    wanted: { metrics: [...this.read, metric] },
  }));
  readonly element = h(
    "div",
    { class: "pw-settings" },
    labelled("direction", this.direction),
    labelled("corruption", this.corruption),
    h(
      "span",
      { class: "pw-setting" },
      h("span", { class: "pw-muted" }, "metrics"),
      this.metrics,
      this.more,
    ),
    labelled("paths", this.form),
  );
  private read: string[] = [];
  private shown = "";

  constructor(private readonly changed: (change: SettingChange) => void) {
    this.more.setAttribute("aria-label", "read another metric too");
  }

  /**
   * Shows what is chosen, and of every option whether the map that is looked at is here in it.
   * Without a kernel only settings that were measured can be chosen.
   */
  update({ offers, settings, maps }: Explorer, looking: Looking, live: boolean): void {
    const { wanted, form, first, prefix } = looking;
    this.element.hidden = !offers;
    const states = maps.map(({ key, progress }) => [key, progress.state]);
    const written = JSON.stringify([offers, settings, states, wanted, form, first, live]);
    if (!offers || written === this.shown) return;
    this.shown = written;
    this.read = wanted.metrics;
    const key = first.slice(prefix.length);
    const mark = (own: Partial<Chosen>) => {
      const setting = settingKey({ ...wanted, ...own }, looking.settings[0] as Setting);
      return markOf(looking, key, setting, offers.tabs);
    };
    const measured = (settings ?? []).map((setting) => setting as Chosen);
    const can = (own: Partial<Chosen>) => live || measured.some((one) => same(one, wanted, own));
    const { directions, corruptions, metrics, forms } = offers;
    const told = (options: Option[], own: (value: string) => Partial<Chosen>, chosen: string) =>
      options.map((option) => marked(option, mark(own(option.value)), chosen));
    const direct = told(directions, (direction) => ({ direction }), wanted.direction);
    choices(this.direction, direct, wanted.direction, (direction) => can({ direction }));
    const corrupt = told(corruptions, (corruption) => ({ corruption }), wanted.corruption);
    choices(this.corruption, corrupt, wanted.corruption, (corruption) => can({ corruption }));
    const ways = forms.map((option) => marked(option, formMark(looking, option.value)));
    choices(this.form, ways, form || "pinned", () => true);
    this.showMetrics(metrics, wanted.metrics, can, mark);
  }

  private showMetrics(
    offered: Option[],
    read: string[],
    can: (own: Partial<Chosen>) => boolean,
    mark: (own: Partial<Chosen>) => string,
  ): void {
    const label = (name: string) => offered.find(({ value }) => value === name)?.label ?? name;
    fill(
      this.metrics,
      ...read.map((name) => {
        const metrics = read.filter((other) => other !== name);
        const without = `read ${label(name)} no more: ${mark({ metrics })}`;
        return h(
          "span",
          { class: "pw-read" },
          label(name),
          read.length > 1 &&
            can({ metrics }) &&
            button(
              { class: "pw-unread", "aria-label": without, title: without },
              () => this.changed({ wanted: { metrics } }),
              "×",
            ),
        );
      }),
    );
    const others = offered.filter(
      ({ value }) => !read.includes(value) && can({ metrics: [...read, value] }),
    );
    const told = others.map((option) => marked(option, mark({ metrics: [...read, option.value] })));
    choices(this.more, [{ value: "", label: "add …" }, ...told], "", () => true);
    this.more.hidden = !others.length;
  }

  private select(change: (value: string) => SettingChange): HTMLSelectElement {
    const element = h("select", { "data-lm-suppress-shortcuts": "true" });
    element.onchange = () => this.changed(change(element.value));
    return element;
  }
}

function labelled(label: string, control: HTMLSelectElement): HTMLElement {
  return h("label", { class: "pw-setting" }, h("span", { class: "pw-muted" }, label), control);
}

function choices(
  control: HTMLSelectElement,
  options: Option[],
  chosen: string,
  can: (value: string) => boolean,
): void {
  fill(
    control,
    ...options.map(({ value, label }) =>
      h("option", { value, disabled: value !== chosen && !can(value) }, label),
    ),
  );
  control.value = chosen;
}

/** Returns whether a measured setting is the wanted one with one thing changed. */
function same(one: Chosen, wanted: Chosen, own: Partial<Chosen>): boolean {
  const { direction, corruption, metrics } = { ...wanted, ...own };
  return (
    one.direction === direction &&
    one.corruption === corruption &&
    one.metrics.join() === metrics.join()
  );
}
