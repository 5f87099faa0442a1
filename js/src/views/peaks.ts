import type { Chart } from "../core/chart";
import { css, type Palette } from "../core/color";
import type { Peak } from "./cell-panel";

const EACH_SIGN = 3;

/** The last peaks of each map: a large one is not to be searched at every step of the keyboard. */
const known = new WeakMap<Chart, { asked: unknown[]; peaks: Peak[] }>();

/** Returns the strongest measured cells of a map, positive and negative, above the noise floor. */
export function peaksOf(chart: Chart, ...asked: [metric: number, Palette, boolean]): Peak[] {
  const last = known.get(chart);
  if (last && asked.every((one, place) => one === last.asked[place])) return last.peaks;
  const peaks = search(chart, ...asked);
  known.set(chart, { asked, peaks });
  return peaks;
}

function search(chart: Chart, metric: number, palette: Palette, withEstimates: boolean): Peak[] {
  const { values, noise, limit } = chart.drawn(metric, withEstimates);
  for (let cell = 0; cell < chart.size; cell++) if (noise[cell]) values[cell] = 0;
  const top = (sign: 1 | -1) =>
    strongest(values, sign).map((cell) => {
      const value = values[cell] as number;
      return { cell, name: chart.nameOf(cell), value, color: css(palette.at(value / limit)) };
    });
  return [...top(1), ...top(-1)];
}

function strongest(values: Float32Array, sign: 1 | -1): number[] {
  const best: number[] = [];
  for (let cell = 0; cell < values.length; cell++) {
    const size = sign * (values[cell] as number);
    if (!(size > 0)) continue;
    const place = best.findIndex((other) => sign * (values[other] as number) < size);
    if (place >= 0) best.splice(place, 0, cell);
    else best.push(cell);
    best.length = Math.min(best.length, EACH_SIGN);
  }
  return best;
}
