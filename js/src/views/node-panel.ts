import { type ComparisonPayload, type Found, isDetected, Sign } from "../core/comparison";
import { fill, h } from "../core/dom";
import { kindOf } from "../core/nodes";
import { type Said, saidOf, signWord } from "./comparison-facts";

/** The selected node, by every method in full. */
export class NodePanel {
  readonly element = h("section", { class: "pw-panel pw-node-panel" });
  private shown = "";

  update(payload: ComparisonPayload, found: Found | null, node: string): void {
    const said = node ? saidOf(payload, found, node) : [];
    const written = JSON.stringify([node, said, found?.label]);
    if (written === this.shown) return;
    this.shown = written;
    if (!node) {
      const hint =
        "Click a cell, or focus a map and press an arrow key: the same node in all maps.";
      fill(this.element, h("div", { class: "pw-muted" }, hint));
      return;
    }
    fill(
      this.element,
      h(
        "div",
        { class: "pw-cell-name", role: "heading", "aria-level": 3 },
        node,
        h("span", { class: "pw-muted" }, ` ${kindOf(node)}`),
      ),
      h("div", { class: "pw-muted" }, countOf(said, found)),
      h("ul", { class: "pw-said" }, ...said.map(line)),
    );
  }
}

function line({ label, value, note, sign }: Said): HTMLElement {
  const detected = isDetected(sign);
  return h(
    "li",
    {},
    h("span", { class: "pw-muted" }, label),
    h(
      "span",
      {},
      h("b", { class: detected ? "pw-detected" : "" }, value),
      detected && h("span", { class: "pw-unseen" }, ` ${signWord(sign)}`),
      note && h("span", { class: "pw-muted" }, ` ${note}`),
    ),
  );
}

function countOf(said: Said[], found: Found | null): string {
  if (!found) return "";
  const count = (sign: number) => said.filter((one) => one.sign === sign).length;
  const [up, down] = [count(Sign.positive), count(Sign.negative)];
  if (!up && !down) return `detected by none of ${said.length} methods`;
  const parts = [up ? `positive by ${up}` : "", down ? `negative by ${down}` : ""];
  return `${parts.filter(Boolean).join(", ")} of ${said.length} methods (${found.label})`;
}
