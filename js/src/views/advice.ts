import { button, type Child, fill, focusedAt, h } from "../core/dom";
import type { Advice } from "../generated/views";

/** What a payload holds: a rule's advice, or only a sentence where no rule spoke. */
export type Advised = Advice | string;

const SHOWN = 3;
/** Shapes, so that nothing is told by colour alone. */
const MARKS = { error: "✕", warning: "!", note: "i" };
const SEVERITIES = ["error", "warning", "note"] as const;

/**
 * A list of advice: the first few in sight, the rest folded; nothing where there is none.
 *
 * A kernel silences a rule everywhere; without one it is hidden here until the page is loaded
 * again. Whoever mounts it sends the command and draws the payload that answers it.
 */
export class AdviceView {
  // No landmark: a page may hold several views, and names of landmarks have to differ.
  readonly element = h("div", {
    class: "pw-advices",
    role: "group",
    "aria-label": "advice",
    tabindex: -1,
  });
  private readonly hidden = new Set<string>();
  private items = new Map<string, HTMLElement>();
  private readonly counts = h("span", { class: "pw-muted" });
  private readonly first = h("ul", { class: "pw-advice-list" });
  private readonly rest = h("ul", { class: "pw-advice-list" });
  private readonly more = h("summary", { "data-lm-suppress-shortcuts": "true" });
  private readonly folded = h("details", { class: "pw-advice-more" }, this.more, this.rest);
  private readonly back = button({ class: "pw-button" }, () => this.showHidden());
  private advice: Advised[] = [];
  private live = false;
  private drawn = "";

  /**
   * @param silence Asks the kernel to silence a rule.
   * @param say Tells the reader what has happened.
   */
  constructor(
    private readonly silence: (rule: string) => void,
    private readonly say: (text: string) => void,
  ) {
    fill(
      this.element,
      h(
        "div",
        { class: "pw-advice-head" },
        h("strong", { role: "heading", "aria-level": 3 }, "Advice"),
        this.counts,
        this.back,
      ),
      this.first,
      this.folded,
    );
    this.element.hidden = true;
  }

  /**
   * Draws what is new; what is open stays open, and focus stays where it is.
   *
   * @param advice The most severe first.
   * @param live Whether a kernel can silence rules.
   */
  update(advice: Advised[], live: boolean): void {
    const drawn = JSON.stringify([advice, live]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    if (live !== this.live) this.items.clear();
    this.live = live;
    this.advice = advice;
    if (live) this.hidden.clear();
    this.render();
  }

  private render(): void {
    const focused = focusedAt(this.element) as HTMLElement | null;
    const inside = this.element.contains(focused);
    const shown = this.advice.filter((one) => !this.hidden.has(nameOf(one)));
    const several = new Set(shown.map(mapOf).filter(Boolean)).size > 1;
    const built = new Map(shown.map((one) => this.itemOf(one, several)));
    this.items = built;
    const items = [...built.values()];
    const cut = items.length > SHOWN + 1 ? SHOWN : items.length;
    this.element.hidden = !this.advice.length;
    this.counts.textContent = countsOf(shown);
    fill(this.first, ...items.slice(0, cut));
    fill(this.rest, ...items.slice(cut));
    this.folded.hidden = cut === items.length;
    this.more.textContent = `${items.length - cut} more`;
    this.back.hidden = !this.hidden.size;
    this.back.textContent = `Show ${this.hidden.size} hidden`;
    if (inside) (this.element.contains(focused) ? focused : this.element)?.focus();
  }

  private itemOf(one: Advised, several: boolean): [string, HTMLElement] {
    const key = JSON.stringify([one, several]);
    const made = () => (typeof one === "string" ? sentenceAlone(one) : this.build(one, several));
    return [key, this.items.get(key) ?? made()];
  }

  private build(one: Advice, several: boolean): HTMLElement {
    const where = several && one.map ? `${one.map}: ` : "";
    return h(
      "li",
      { class: "pw-advice", "data-severity": one.severity, "data-rule": one.name },
      h(
        "details",
        {},
        h(
          "summary",
          { "data-lm-suppress-shortcuts": "true" },
          h("span", { class: "pw-severity" }, mark(one.severity), one.severity),
          " ",
          where,
          ...withCode(one.sentence),
        ),
        h("p", {}, ...withCode(one.reason)),
        h("p", {}, h("b", {}, "What to do: "), ...withCode(one.todo)),
        h("p", { class: "pw-muted" }, `${one.source}.`),
        button(
          { class: "pw-button" },
          () => this.quiet(one.name),
          this.live ? "Silence " : "Hide ",
          h("code", {}, one.name),
        ),
      ),
    );
  }

  private quiet(rule: string): void {
    if (this.live) {
      this.silence(rule);
      this.say(`${rule} is silent in this session until advice.restore("${rule}")`);
      return;
    }
    this.hidden.add(rule);
    this.render();
    this.say(`${rule} is hidden here; with a kernel, advice.silence("${rule}") silences it`);
  }

  private showHidden(): void {
    this.hidden.clear();
    this.render();
  }
}

function sentenceAlone(text: string): HTMLElement {
  return h("li", { class: "pw-advice", "data-severity": "warning" }, text);
}

function mark(severity: Advice["severity"]): HTMLElement {
  return h("span", { class: "pw-advice-mark", "aria-hidden": "true" }, MARKS[severity]);
}

function nameOf(one: Advised): string {
  return typeof one === "string" ? "" : one.name;
}

function mapOf(one: Advised): string {
  return typeof one === "string" ? "" : one.map;
}

function countsOf(advice: Advised[]): string {
  const severities = advice.map((one) => (typeof one === "string" ? "warning" : one.severity));
  return SEVERITIES.map((severity) => {
    const count = severities.filter((one) => one === severity).length;
    return count ? `${count} ${severity}${count > 1 ? "s" : ""}` : "";
  })
    .filter(Boolean)
    .join(" · ");
}

/** Returns a text with what is between backticks as code. */
function withCode(text: string): Child[] {
  return text.split("`").map((part, index) => (index % 2 ? h("code", {}, part) : part));
}
