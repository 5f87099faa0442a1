import { fill, h } from "../core/dom";
import type { Tab } from "../generated/views";
import { marked } from "./here";

/** In what the maps behind one tab differ. */
interface Part {
  label: string;
  of(tab: Tab): string;
}

const PARTS: Part[] = [
  { label: "site", of: ({ site }) => site || "" },
  { label: "layers", of: ({ window }) => ((window ?? 1) > 1 ? `windows of ${window}` : "single") },
  // Payloads of before have one name for each map of a tab.
  { label: "positions", of: ({ site, positions, label }) => (site ? (positions ?? "") : label) },
];

/** Which of the maps behind a tab is looked at: a choice for everything in which they differ. */
export class MapChoice {
  private readonly selects = PARTS.map(({ label }) =>
    h("select", { "data-lm-suppress-shortcuts": "true", "data-part": label }),
  );
  readonly element = h(
    "span",
    { class: "pw-which", role: "group", "aria-label": "which of these maps" },
    ...PARTS.map(({ label }, place) =>
      h(
        "label",
        { class: "pw-setting" },
        h("span", { class: "pw-muted" }, label),
        this.selects[place] as HTMLSelectElement,
      ),
    ),
  );
  private shown = "";

  constructor(chosen: (key: string) => void) {
    for (const select of this.selects) select.onchange = () => chosen(select.value);
  }

  /** Offers the maps of one tab; `mark` says of each whether it is here, or what it takes. */
  update(maps: Tab[], current: string, mark: (tab: Tab) => string): void {
    const now = maps.find(({ key }) => key === current) ?? maps[0];
    const written = JSON.stringify([current, maps.map((one) => [one.key, mark(one)])]);
    this.element.hidden = maps.length < 2;
    if (!now || written === this.shown) return;
    this.shown = written;
    PARTS.forEach((part, place) => {
      const select = this.selects[place] as HTMLSelectElement;
      const words = [...new Set(maps.map(part.of))];
      (select.parentElement as HTMLElement).hidden = words.length < 2;
      const options = words.map((word) => {
        const to = nearest(
          maps.filter((one) => part.of(one) === word),
          now,
        );
        const { value, label } = marked({ value: to.key, label: word }, mark(to), now.key);
        return h("option", { value }, label);
      });
      fill(select, ...options);
      select.value = now.key;
    });
  }
}

/** Returns the map that is most like another. */
function nearest(maps: Tab[], to: Tab): Tab {
  const alike = (one: Tab) => PARTS.filter(({ of }) => of(one) === of(to)).length;
  return maps.reduce((best, one) => (alike(one) > alike(best) ? one : best));
}
