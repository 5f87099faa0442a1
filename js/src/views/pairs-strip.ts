import { button, fill, focusedAt, h } from "../core/dom";
import type { TokenStrip } from "../generated/views";
import { PairsList } from "./pairs-list";
import { TokenStripView } from "./token-strip";

/** The prompt pairs of what was measured: all of them in short, or one token by token. */
export class PairsStripView {
  private readonly strip: TokenStripView;
  private readonly list: PairsList;
  private readonly every = button({ class: "pw-metric" }, () => this.show(true), "");
  private readonly one = button({ class: "pw-metric" }, () => this.show(false), "One pair");
  private readonly ways = h(
    "span",
    { class: "pw-metrics", role: "group", "aria-label": "prompt pairs" },
    this.every,
    this.one,
  );
  private readonly note = h("p", { class: "pw-pairs-note pw-muted" });
  readonly element: HTMLElement;
  private all = true;
  private shown: { pairs: TokenStrip; prompt: number } = { pairs: { pairs: [] }, prompt: 0 };

  constructor(private readonly chosen: (prompt: number) => void) {
    this.strip = new TokenStripView((prompt) => this.choose(prompt));
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

  update(pairs: TokenStrip, prompt: number): void {
    this.shown = { pairs, prompt };
    const count = pairs.pairs.length;
    const all = this.all && count > 1;
    this.strip.update(pairs, prompt);
    this.list.update(pairs.pairs, prompt);
    this.element.hidden = !count;
    this.ways.hidden = count < 2;
    this.list.element.hidden = !all;
    if (all) this.strip.element.hidden = true;
    fill(this.every, `All ${count} pairs (mean)`);
    this.every.setAttribute("aria-pressed", String(all));
    this.one.setAttribute("aria-pressed", String(!all));
    this.note.hidden = count < 2;
    this.note.textContent = all
      ? "The maps show the mean over all pairs."
      : `The maps still show the mean over all ${count} pairs. What a patch does to this pair is beside the map, once its cell is selected.`;
  }

  private show(all: boolean): void {
    this.all = all;
    this.update(this.shown.pairs, this.shown.prompt);
  }

  private choose(prompt: number): void {
    const had = this.list.element.contains(focusedAt(this.element));
    this.show(false);
    this.chosen(prompt);
    // What had the focus is hidden now.
    if (had) this.one.focus();
  }
}
