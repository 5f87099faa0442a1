import { button, fill, h } from "../core/dom";
import type { Chosen } from "../core/settings";
import type { Explorer, Option } from "../generated/views";

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

  /** Shows what is chosen; without a kernel only settings that were measured can be. */
  update({ offers, settings }: Explorer, wanted: Chosen, form: string, live: boolean): void {
    this.element.hidden = !offers;
    const written = JSON.stringify([offers, settings, wanted, form, live]);
    if (!offers || written === this.shown) return;
    this.shown = written;
    this.read = wanted.metrics;
    const measured = (settings ?? []).map((setting) => setting as Chosen);
    const can = (own: Partial<Chosen>) => live || measured.some((one) => same(one, wanted, own));
    const { directions, corruptions, metrics, forms } = offers;
    choices(this.direction, directions, wanted.direction, (direction) => can({ direction }));
    choices(this.corruption, corruptions, wanted.corruption, (corruption) => can({ corruption }));
    choices(this.form, forms, form || "pinned", () => true);
    this.showMetrics(metrics, wanted.metrics, can);
  }

  private showMetrics(
    offered: Option[],
    read: string[],
    can: (own: Partial<Chosen>) => boolean,
  ): void {
    const label = (name: string) => offered.find(({ value }) => value === name)?.label ?? name;
    fill(
      this.metrics,
      ...read.map((name) => {
        const metrics = read.filter((other) => other !== name);
        const without = `read ${label(name)} no more`;
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
    choices(this.more, [{ value: "", label: "add …" }, ...others], "", () => true);
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
