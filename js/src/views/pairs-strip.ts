import { button, fill, focusedAt, h } from "../core/dom";
import type { ExplorerState, TokenStrip } from "../generated/views";
import { PairsList } from "./pairs-list";
import { TokenStripView } from "./token-strip";

/** What the strip of prompt pairs shows. */
export interface PairsProps {
  strip: TokenStrip;
  prompt: number;
  /** Whether the maps show that pair alone. */
  alone: boolean;
  /** Whether methods are compared instead, always by their means. */
  comparing: boolean;
  /** The pairs of which the map is here; null where a kernel has all of them. */
  here: Set<number> | null;
}

/** The prompt pairs of what was measured, and which of them the maps show: all, or one alone. */
export class PairsStripView {
  private readonly strip: TokenStripView;
  private readonly list: PairsList;
  private readonly every = button({ class: "pw-metric" }, () => this.chosen({ alone: false }), "");
  private readonly one = button(
    { class: "pw-metric" },
    () => this.chosen({ alone: true }),
    "One pair",
  );
  private readonly ways = h(
    "span",
    { class: "pw-metrics", role: "group", "aria-label": "prompt pairs" },
    this.every,
    this.one,
  );
  private readonly note = h("p", { class: "pw-pairs-note pw-muted" });
  readonly element: HTMLElement;

  /** `chosen` is told what the reader has chosen. */
  constructor(private readonly chosen: (choice: Partial<ExplorerState>) => void) {
    this.strip = new TokenStripView((prompt) => this.chosen({ prompt }));
    this.list = new PairsList((prompt) => this.choose(prompt));
    this.element = h(
      "div",
      { class: "pw-pairs" },
      this.ways,
      this.list.element,
      this.strip.element,
      this.note,
    );
  }

  update(props: PairsProps): void {
    const { strip, prompt, here } = props;
    const count = strip.pairs.length;
    const all = !props.alone && count > 1;
    this.strip.update(strip, prompt);
    this.list.update(strip.pairs, prompt, here);
    this.element.hidden = !count;
    this.ways.hidden = count < 2;
    this.list.element.hidden = !all;
    if (all) this.strip.element.hidden = true;
    fill(this.every, `All ${count} pairs (mean)`);
    this.every.setAttribute("aria-pressed", String(all));
    this.one.setAttribute("aria-pressed", String(!all));
    this.note.hidden = count < 2;
    this.note.textContent = noteOf(props);
  }

  private choose(prompt: number): void {
    const had = this.list.element.contains(focusedAt(this.element));
    this.chosen({ prompt, alone: true });
    // What had the focus is hidden now.
    if (had) this.one.focus();
  }
}

/** Returns what the maps show, in words. */
function noteOf({ strip, alone, comparing }: PairsProps): string {
  if (comparing) return `Methods are compared by the mean over all ${strip.pairs.length} pairs.`;
  return alone
    ? "The maps show this pair alone. What is compared, pinned and advised on is of all pairs."
    : "The maps show the mean over all pairs.";
}
