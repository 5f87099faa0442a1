import type { ComparisonPayload, Found } from "../core/comparison";
import { isDetected } from "../core/comparison";
import { fill, h } from "../core/dom";
import { kindOf } from "../core/nodes";
import { type Said, saidOf, signWord } from "./comparison-facts";
import type { Box } from "./heatmap";
import { place } from "./tooltip";

/** Returns a table of what every method says of a node: a row per setting, a column per metric. */
export function nodeTable(payload: ComparisonPayload, found: Found | null, node: string) {
  const said = saidOf(payload, found, node);
  const { metrics } = payload.header.maps[0];
  const rows = payload.charts.map((chart) => {
    const own = metrics.map((_, metric) =>
      payload.ways.findIndex((way) => way.chart === chart && way.metric === metric),
    );
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, chart.map.title),
      ...own.map((way) => cellOf(said[way])),
    );
  });
  return h(
    "table",
    { class: "pw-node-table" },
    h(
      "thead",
      {},
      h("tr", {}, h("td"), ...metrics.map(({ label }) => h("th", { scope: "col" }, label))),
    ),
    h("tbody", {}, ...rows),
  );
}

function cellOf(said: Said | undefined): HTMLElement {
  if (!said) return h("td");
  const detected = isDetected(said.sign);
  return h(
    "td",
    { title: said.note },
    h("span", { class: detected ? "pw-detected" : "" }, said.value),
    detected && h("span", { class: "pw-unseen" }, ` ${signWord(said.sign)}`),
  );
}

/** The box beside the pointer: a node by every method. */
export class NodeTip {
  readonly element = h("div", { class: "pw-tooltip pw-node-tip", role: "tooltip", hidden: true });

  /** Shows a node beside `box`, both in the pixels of the element this lies in. */
  show(payload: ComparisonPayload, found: Found | null, node: string, box: Box): void {
    fill(
      this.element,
      h("strong", {}, node),
      h("span", { class: "pw-muted" }, ` ${kindOf(node)}`),
      nodeTable(payload, found, node),
    );
    this.element.hidden = false;
    place(this.element, box);
  }

  hide(): void {
    this.element.hidden = true;
  }
}
