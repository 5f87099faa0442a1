import type { Found } from "../core/comparison";
import { button, fill, h } from "../core/dom";
import type { Disagreement } from "../generated/views";

/** The nodes on which methods disagree, those with opposite signs first. */
export class FlipsView {
  readonly element = h("section", { class: "pw-flips" });
  private shown: Found | null = null;

  constructor(
    private readonly select: (node: string) => void,
    private readonly hover: (node: string) => void,
  ) {}

  update(found: Found, selection: string): void {
    if (found !== this.shown) this.build(found);
    this.shown = found;
    for (const one of this.element.querySelectorAll<HTMLElement>("[data-node]")) {
      one.setAttribute("aria-pressed", String(one.dataset.node === selection));
    }
  }

  private build({ flips }: Found): void {
    const list = (title: string, some: Disagreement[]) => [
      some.length > 0 && h("div", { class: "pw-subtitle" }, title),
      some.length > 0 && h("div", { class: "pw-chips" }, ...some.map((one) => this.chip(one))),
    ];
    fill(
      this.element,
      ...list(
        "Opposite signs",
        flips.filter(({ opposite }) => opposite),
      ),
      ...list(
        "Found by some methods only",
        flips.filter(({ opposite }) => !opposite),
      ),
      !flips.length && h("div", { class: "pw-muted" }, "All methods detect the same nodes."),
    );
  }

  private chip({ node, positive, negative, undetected, opposite }: Disagreement): HTMLElement {
    const count = positive + negative + undetected;
    const words = [
      positive && `positive by ${positive}`,
      negative && `negative by ${negative}`,
      undetected && `not detected by ${undetected}`,
    ].filter(Boolean);
    const made = button(
      {
        class: opposite ? "pw-chip pw-chip-opposite" : "pw-chip",
        "data-node": node,
      },
      () => this.select(node),
      h("b", {}, node),
      h(
        "span",
        { class: "pw-muted", "aria-hidden": "true" },
        ` ${positive ? `+${positive} ` : ""}${negative ? `−${negative} ` : ""}of ${count}`,
      ),
      h("span", { class: "pw-unseen" }, `: ${words.join(", ")}`),
    );
    made.onpointerenter = () => this.hover(node);
    made.onpointerleave = () => this.hover("");
    return made;
  }
}
