import { button, fill, h } from "../core/dom";
import type { Tab } from "../generated/views";
import { MapChoice } from "./map-choice";

/** The first maps that there are to look at: a tab for each kind, and a choice where it has more. */
export class ExplorerTabs {
  private readonly tabs = h("div", { class: "pw-tabs", role: "tablist", "aria-label": "maps" });
  private readonly which = new MapChoice((key) => this.chosen(key));
  private readonly compare = button(
    { class: "pw-button pw-compare" },
    () => this.compared(),
    "Compare methods",
  );
  readonly element = h(
    "div",
    { class: "pw-tab-line" },
    this.tabs,
    this.which.element,
    this.compare,
  );
  private shown = "";
  private groups: string[] = [];
  private offered: Tab[] = [];
  /** The map last looked at in each tab. */
  private readonly last = new Map<string, string>();

  constructor(
    private readonly chosen: (key: string) => void,
    private readonly compared: () => void,
    signal: AbortSignal,
  ) {
    this.tabs.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  /** Shows the tabs; `here` are the keys of the maps that are measured, and `mark` says more. */
  update(offered: Tab[], current: string, here: Set<string>, mark: (tab: Tab) => string): void {
    this.offered = offered;
    this.element.hidden = offered.length < 2;
    this.groups = [...new Set(offered.map(({ group }) => group))];
    const group = offered.find(({ key }) => key === current)?.group ?? "";
    this.last.set(group, current);
    if (this.groups.join("\n") !== this.shown) this.build();
    this.groups.forEach((name, place) => {
      const tab = this.tabs.children[place] as HTMLElement;
      const some = offered.some((one) => one.group === name && here.has(one.key));
      tab.setAttribute("aria-selected", String(name === group));
      tab.tabIndex = name === group ? 0 : -1;
      tab.classList.toggle("pw-tab-missing", !some);
      tab.title = some ? "" : "not measured";
    });
    this.which.update(
      offered.filter((one) => one.group === group),
      current,
      mark,
    );
  }

  /** Offers to see the map by all methods at once; `on` says whether it is seen so. */
  offerComparison(offered: boolean, on: boolean): void {
    this.compare.hidden = !offered;
    this.compare.setAttribute("aria-pressed", String(on));
  }

  private build(): void {
    this.shown = this.groups.join("\n");
    fill(
      this.tabs,
      ...this.groups.map((group) =>
        button({ class: "pw-tab", role: "tab" }, () => this.open(group), group),
      ),
    );
  }

  private open(group: string): void {
    const first = this.offered.find((one) => one.group === group)?.key ?? "";
    this.chosen(this.last.get(group) ?? first);
  }

  private key(event: KeyboardEvent): void {
    const at = [...this.tabs.children].indexOf(event.target as Element);
    const count = this.groups.length;
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: count - 1 }[event.key];
    if (to === undefined || at < 0) return;
    event.preventDefault();
    event.stopPropagation();
    const place = (to + count) % count;
    this.open(this.groups[place] as string);
    (this.tabs.children[place] as HTMLElement).focus();
  }
}
