import { fill, h } from "../core/dom";
import type { CellFacts } from "./cell-facts";
import type { Box } from "./heatmap";

const GAP = 8;

/** The box of facts beside the pointer or the selected cell. */
export class Tooltip {
  readonly element = h("div", { class: "pw-tooltip", role: "tooltip", hidden: true });

  /** Shows `facts` beside `box`, both in the pixels of the element this lies in. */
  show(facts: CellFacts, hint: string, box: Box): void {
    fill(
      this.element,
      h("strong", {}, facts.name),
      facts.kind && h("span", { class: "pw-muted" }, ` ${facts.kind}`),
      ...facts.lines.map(({ label, value, note }) =>
        h(
          "div",
          {},
          h("span", { class: "pw-muted" }, `${label} `),
          h("b", {}, value),
          note && h("span", { class: "pw-muted" }, ` ${note}`),
        ),
      ),
      facts.remark && h("div", {}, facts.remark),
      hint && h("div", { class: "pw-muted" }, hint),
    );
    this.element.hidden = false;
    place(this.element, box);
  }

  hide(): void {
    this.element.hidden = true;
  }
}

/** Puts a floating element beside a box, inside the element it is positioned in. */
export function place(element: HTMLElement, box: Box): void {
  const around = element.offsetParent as HTMLElement | null;
  const { offsetWidth: width, offsetHeight: height } = element;
  const right = box.x + box.width + GAP;
  const fits = !around || right + width <= around.clientWidth - GAP;
  const x = fits ? right : Math.max(GAP, box.x - width - GAP);
  const lowest = (around?.clientHeight ?? Number.POSITIVE_INFINITY) - height - GAP;
  const y = Math.max(GAP, Math.min(box.y + box.height / 2 - height / 2, lowest));
  element.style.left = `${x}px`;
  element.style.top = `${y}px`;
}
