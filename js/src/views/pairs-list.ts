import { button, fill, h } from "../core/dom";
import { cut } from "../core/format";
import type { Pair } from "../generated/views";
import { shown } from "./token-strip";

/** Pairs that are listed at a time. */
const LISTED = 5;
/** Tokens that are listed on either side of one that differs. */
const NEAR = 8;

/** Prompt pairs in short, each on a line of its own: what is replaced by what, and the answers. */
export class PairsList {
  private readonly lines = h("ol", { class: "pw-pair-lines" });
  private readonly place = h("span", { class: "pw-pair-place" });
  private readonly wanted = h("input", {
    type: "number",
    min: "1",
    "aria-label": "go to pair",
    "data-lm-suppress-shortcuts": "true",
  });
  private readonly pager = h(
    "div",
    { class: "pw-pager" },
    button({ class: "pw-turn", "aria-label": "pairs before these" }, () => this.turn(-1), "‹"),
    this.place,
    button({ class: "pw-turn", "aria-label": "pairs after these" }, () => this.turn(1), "›"),
    h("label", { class: "pw-setting" }, "pair", this.wanted),
  );
  readonly element = h("div", { class: "pw-pair-list" }, this.lines, this.pager);
  private pairs: Pair[] = [];
  private prompt = 0;
  private from = 0;
  private here: Set<number> | null = null;
  private drawn = "";

  constructor(private readonly chosen: (prompt: number) => void) {
    this.wanted.onchange = () => {
      const pair = Math.round(Number(this.wanted.value));
      if (pair >= 1 && pair <= this.pairs.length) this.chosen(pair - 1);
    };
  }

  /**
   * Lists the pairs around `prompt`, which is marked; those that are turned to stay. Where only some
   * can be drawn, `here` says which.
   */
  update(pairs: Pair[], prompt: number, here: Set<number> | null): void {
    if (prompt !== this.prompt || this.from >= pairs.length) {
      const there = prompt < pairs.length ? prompt : 0;
      this.from = there - (there % LISTED);
    }
    this.pairs = pairs;
    this.prompt = prompt;
    this.here = here;
    this.draw();
  }

  private turn(step: number): void {
    const { length } = this.pairs;
    const pages = Math.ceil(length / LISTED);
    this.from = LISTED * ((this.from / LISTED + step + pages) % pages);
    this.draw();
  }

  private draw(): void {
    const { from, pairs } = this;
    const listed = pairs.slice(from, from + LISTED);
    const drawable = this.here && [...this.here];
    const written = JSON.stringify([from, this.prompt, pairs.length, listed, drawable]);
    if (written === this.drawn) return;
    this.drawn = written;
    fill(this.lines, ...listed.map((pair, at) => h("li", {}, this.lineOf(pair, from + at))));
    this.place.textContent = `${from + 1}–${from + listed.length} of ${pairs.length}`;
    this.pager.hidden = pairs.length <= LISTED;
    this.wanted.max = String(pairs.length);
  }

  private lineOf(pair: Pair, at: number): HTMLElement {
    const current = at === this.prompt;
    return button(
      { class: "pw-pair-line", ...(current ? { "aria-current": "true" } : {}) },
      () => this.chosen(at),
      h("span", { class: "pw-muted" }, `${at + 1} `),
      ...textOf(pair),
      h("b", {}, ` ${shown(pair.answers.join(" / "))}`),
      pair.wrong_answers.length > 0 &&
        h("span", { class: "pw-muted" }, ` not ${shown(pair.wrong_answers.join(" / "))}`),
      h(
        "span",
        { class: pair.right ? "pw-right" : "pw-wrong" },
        pair.right ? "✓ right" : "✗ wrong",
      ),
      this.here?.has(at) && h("span", { class: "pw-muted" }, " map here"),
    );
  }
}

/** Returns the text of a pair, with what replaces what; only what is near that, or at the end. */
function textOf({ clean, corrupted, differs }: Pair): HTMLElement[] {
  const length = Math.max(clean.length, corrupted.length);
  const marked = [length - 1, ...differs.flatMap((one, at) => (one ? [at] : []))];
  const parts: HTMLElement[] = [];
  let same = "";
  const flush = () => {
    if (same) parts.push(h("span", {}, same));
    same = "";
  };
  for (let at = 0; at < length; at++) {
    const [token = "", other = ""] = [clean[at], corrupted[at]];
    if (!marked.some((one) => Math.abs(one - at) <= NEAR)) {
      if (!same.endsWith("… ")) same += " … ";
    } else if (differs[at]) {
      flush();
      const text = token === other ? shown(token) : `${shown(token)} → ${shown(other)}`;
      parts.push(h("span", { class: "pw-pair-differs" }, text));
    } else same += cut(token.replaceAll("\n", "⏎").replaceAll("\t", "⇥"));
  }
  flush();
  return parts;
}
