import type { Chart } from "../core/chart";
import { Status } from "../core/chart";
import { css, type Palette } from "../core/color";
import { fill, h } from "../core/dom";
import { signed, valueLabel } from "../core/format";

const STOPS = 16;

/** The scale of a map: colours, numbers, and what they count. */
export class ColorBar {
  private readonly ramp = h("div", { class: "pw-ramp" });
  private readonly top = h("span");
  private readonly bottom = h("span");
  readonly element = h(
    "div",
    { class: "pw-scale", "aria-hidden": "true" },
    this.ramp,
    h("div", { class: "pw-scale-numbers" }, this.top, h("span", {}, "0"), this.bottom),
  );

  update(limit: number, palette: Palette, height: number): void {
    const stops = Array.from({ length: STOPS + 1 }, (_, i) => css(palette.at(1 - (2 * i) / STOPS)));
    this.ramp.style.background = `linear-gradient(${stops.join(",")})`;
    this.element.style.height = `${height}px`;
    this.top.textContent = signed(limit);
    this.bottom.textContent = signed(-limit);
  }
}

/** Says what the colours count and what the marks on this map stand for. */
export function updateLegend(element: HTMLElement, chart: Chart, metric: number): void {
  const marks: [number, string, string][] = [
    [Status.unmeasured, "pw-mark-unmeasured", "not measured"],
    [Status.unreachable, "pw-mark-unreachable", "cannot reach the receiver"],
  ];
  const shown = marks.filter(([status]) => chart.status.includes(status));
  fill(
    element,
    h("span", {}, `colour: ${valueLabel(chart.metric(metric))}`),
    ...shown.map(([, mark, text]) =>
      h("span", { class: "pw-key" }, h("i", { class: `pw-mark ${mark}` }), text),
    ),
  );
}
