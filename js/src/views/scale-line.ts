import { Status } from "../core/chart";
import { css } from "../core/color";
import { h } from "../core/dom";
import { signed, valueLabel } from "../core/format";
import type { MetricColumn } from "../generated/views";
import { anyBeyond, anyStriped } from "./heatmap-cells";
import type { Picture } from "./heatmap-paint";
import type { Scale } from "./heatmap-scale";

const STOPS = 16;

/** What is said of a scale that this map alone has. */
const ALONE: Partial<Record<Scale, string>> = {
  own: "this map's own scale",
  clipped: "clipped at 99 % of the cells",
};

/** The colour scale of a small map, lying below it. */
export class ScaleLine {
  private readonly ramp = h("i", { class: "pw-ramp-line" });
  private readonly low = h("span");
  private readonly high = h("span");
  private readonly words = h("div", { class: "pw-scale-words" });
  readonly element = h(
    "div",
    { class: "pw-scale-line pw-muted" },
    h("div", { class: "pw-scale-ends" }, this.low, this.ramp, this.high),
    this.words,
  );

  /** Shows the scale of a picture; `shared` says with which other maps. */
  update(picture: Picture, metric: MetricColumn, shared: string): void {
    const { limit, chart, estimates } = picture;
    const { palette } = picture.theme;
    const isEstimated = (cell: number) => !Number.isNaN(estimates[cell]);
    const unknown = chart.status.some(
      (status, cell) => status === Status.unmeasured && !isEstimated(cell),
    );
    const estimated = estimates.some((value) => !Number.isNaN(value));
    const stops = Array.from({ length: STOPS + 1 }, (_, i) => css(palette.at((2 * i) / STOPS - 1)));
    this.ramp.style.background = `linear-gradient(90deg, ${stops.join(",")})`;
    this.low.textContent = signed(-limit);
    this.high.textContent = signed(limit);
    const marks = [
      unknown && "hatched: not measured",
      estimated && "dotted: estimated",
      anyBeyond(picture) && "corner: beyond the scale",
      anyStriped(picture) && "striped: negative",
    ];
    const alone = picture.scale && ALONE[picture.scale];
    const words = [valueLabel(metric), alone ?? shared, ...marks];
    this.words.textContent = words.filter(Boolean).join(" · ");
  }
}
