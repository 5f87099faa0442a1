import { alike } from "../core/alike";
import { visible } from "../core/attention";
import { button, fill, h } from "../core/dom";
import { cut, textOf } from "../core/format";
import type { Pair, TokenStrip } from "../generated/views";

/** Tokens of a prompt that is not shown whole, and how many are shown around one that matters. */
const LONG = 160;
const NEAR = 12;

/** Prompt pairs token by token, one pair at a time. */
export class TokenStripView {
  private readonly spoken = h("div", { class: "pw-unseen" });
  private readonly tokens = h("div", { class: "pw-tokens" });
  private readonly sequence = h(
    "div",
    { class: "pw-sequence", "aria-hidden": "true" },
    h(
      "div",
      { class: "pw-position pw-strip-labels" },
      h("span", { class: "pw-token" }, "clean"),
      h("span", { class: "pw-token" }, "corrupted"),
    ),
    this.tokens,
  );
  private readonly answers = h("div", { class: "pw-answers" });
  private readonly place = h("span", { class: "pw-place" });
  private readonly previous = button(
    { class: "pw-turn", "aria-label": "previous pair" },
    () => this.turn(-1),
    "‹",
  );
  private readonly next = button(
    { class: "pw-turn", "aria-label": "next pair" },
    () => this.turn(1),
    "›",
  );
  private readonly pager = h("div", { class: "pw-pager" }, this.previous, this.place, this.next);
  readonly element = h(
    "div",
    { class: "pw-strip", role: "group", "aria-label": "prompt pair" },
    this.spoken,
    this.sequence,
    h("div", { class: "pw-strip-foot" }, this.answers, this.pager),
  );
  private strip: TokenStrip = { pairs: [] };
  private prompt = 0;

  constructor(private readonly chosen: (prompt: number) => void) {}

  update(strip: TokenStrip, prompt: number): void {
    const pair = strip.pairs[prompt] ?? strip.pairs[0];
    const same = alike(pair, this.strip.pairs[this.prompt]);
    this.strip = strip;
    this.prompt = pair === strip.pairs[prompt] ? prompt : 0;
    this.element.hidden = !pair;
    this.pager.hidden = strip.pairs.length < 2;
    this.place.textContent = `pair ${this.prompt + 1} of ${strip.pairs.length}`;
    if (pair && !(same && this.tokens.firstChild)) this.show(pair);
  }

  private turn(step: number): void {
    const { length } = this.strip.pairs;
    this.chosen((this.prompt + step + length) % length);
  }

  private show(pair: Pair): void {
    this.spoken.textContent = `Clean: ${textOf(pair.clean)}. Corrupted: ${textOf(pair.corrupted)}.`;
    const length = Math.max(pair.clean.length, pair.corrupted.length);
    fill(this.tokens, ...partsOf(pair, length));
    fill(
      this.answers,
      h("span", { class: "pw-muted" }, "answer "),
      h("b", {}, pair.answers.map(shown).join(" / ")),
      pair.wrong_answers.length > 0 && h("span", { class: "pw-muted" }, "  not "),
      h("span", {}, pair.wrong_answers.map(shown).join(" / ")),
      h(
        "span",
        { class: pair.right ? "pw-right" : "pw-wrong" },
        pair.right ? "✓ the model gets it right" : "✗ the model gets it wrong",
      ),
      pair.group && h("span", { class: "pw-muted" }, pair.group),
    );
  }
}

/** Returns the tokens; of a long prompt those near one that differs or has a role. */
function partsOf(pair: Pair, length: number): HTMLElement[] {
  const differing = pair.differs.flatMap((differs, at) => (differs ? [at] : []));
  const marked = [0, length - 1, ...differing, ...Object.keys(pair.roles).map(Number)];
  const near = (at: number) => length <= LONG || marked.some((one) => Math.abs(one - at) <= NEAR);
  const parts: HTMLElement[] = [];
  let folded = 0;
  for (let at = 0; at < length; at++) {
    if (!near(at)) folded++;
    if (folded && (near(at) || at === length - 1)) {
      parts.push(foldOf(folded));
      folded = 0;
    }
    if (near(at)) parts.push(positionOf(pair, at));
  }
  return parts;
}

function foldOf(count: number): HTMLElement {
  const text = `… ${count} the same …`;
  return h("span", { class: "pw-position" }, h("span", { class: "pw-token pw-folded" }, text));
}

function positionOf(pair: Pair, position: number): HTMLElement {
  const role = pair.roles[String(position)] ?? "";
  const changed = pair.differs[position] ?? false;
  const token = (text: string | undefined) =>
    h("span", { class: "pw-token", title: JSON.stringify(cut(text ?? "")) }, shown(text ?? ""));
  return h(
    "span",
    { class: changed ? "pw-position pw-differs" : "pw-position" },
    token(pair.clean[position]),
    token(pair.corrupted[position]),
    h("span", { class: "pw-role" }, role || "\u00a0"),
  );
}

/** Returns a token as it is drawn. */
export function shown(token: string): string {
  return visible(token || " ");
}
