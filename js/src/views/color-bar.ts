import { css, type Rgb } from "../core/color";
import { fill, h } from "../core/dom";
import { signed } from "../core/format";
import { coloursOf, keysOf } from "./heatmap-legend";
import type { Picture } from "./heatmap-paint";

const STOPS = 16;

/** Fewest pixels that three numbers need below each other. */
const LOWEST = 40;

/** The scale of a map: colours, numbers, and what they count. */
export class ColorBar {
  private readonly noise = h("div", { class: "pw-ramp-noise" });
  private readonly ramp = h("div", { class: "pw-ramp" }, this.noise);
  private readonly top = h("span");
  private readonly bottom = h("span");
  readonly element = h(
    "div",
    { class: "pw-scale", "aria-hidden": "true" },
    this.ramp,
    h("div", { class: "pw-scale-numbers" }, this.top, h("span", {}, "0"), this.bottom),
  );

  /** Shows a scale `height` pixels high; `floor` is what rounding alone does, on that scale. */
  update({ limit, theme }: Picture, floor: number, height: number): void {
    const { palette } = theme;
    const tall = Math.max(height, LOWEST);
    const stops = Array.from({ length: STOPS + 1 }, (_, i) => css(palette.at(1 - (2 * i) / STOPS)));
    this.ramp.style.background = `linear-gradient(${stops.join(",")})`;
    this.element.style.height = `${tall}px`;
    this.top.textContent = signed(limit);
    this.bottom.textContent = signed(-limit);
    const band = Math.min(1, floor / limit) * tall;
    this.noise.hidden = band < 1;
    this.noise.style.height = `${band}px`;
    this.noise.style.background = css(palette.noise);
  }
}

/** Says what the colours count and what the marks on this map stand for. */
export function updateLegend(element: HTMLElement, picture: Picture, metric: number): void {
  fill(
    element,
    h("span", {}, coloursOf(picture, metric)),
    ...keysOf(picture, metric).map(({ mark, text, color }) => key(mark, text, color)),
  );
}

function key(mark: string, text: string, color: Rgb | null): HTMLElement {
  const sample = h("i", { class: `pw-mark pw-mark-${mark}` });
  if (color) sample.style.backgroundColor = css(color);
  return h("span", { class: "pw-key" }, sample, text);
}
