import { type Chart, Status } from "../core/chart";
import { blend, inkOn, isBeyond, type Rgb } from "../core/color";
import type { Picture } from "./heatmap-paint";

/** What is drawn on a cell besides its colour. */
export const Mark = { none: 0, estimated: 1, negative: 2, beyond: 4, faint: 8 } as const;

/** From which share of the scale on a cell carries its sign. */
export const SIGN_FROM = 0.2;

/** Every cell as it is drawn where cells are too small, or too many, to be drawn one by one. */
export interface Cells {
  /** Colours as the pixels of a canvas hold them; 0 where nothing is drawn. */
  colors: Uint32Array;
  /** What is drawn over them, as `Mark`. */
  marks: Uint8Array;
  /** The same colours with some ink on them, for marks. */
  inked: Uint32Array;
  /** How large each is: of several cells in one pixel the largest is drawn. */
  sizes: Float32Array;
  /** Whether something was neither measured nor estimated. */
  unknown: boolean;
}

/** Returns the colour of a cell; null where nothing is known of it. */
export function colorOf(picture: Picture, cell: number): Rgb | null {
  const { values, estimates, noise, limit, signed } = picture;
  const { palette } = picture.theme;
  const value = values[cell] as number;
  const estimate = estimates[cell] as number;
  if (noise[cell]) return palette.noise;
  if (!Number.isNaN(value)) {
    return isBeyond(value, limit) ? palette.beyond(value) : palette.at(value / limit);
  }
  if (Number.isNaN(estimate)) return null;
  return signed ? palette.pale(estimate / limit) : palette.size(estimate / limit);
}

/** Returns which share of the scale a cell reaches, with its sign; NaN where it has none. */
export function shareOf(picture: Picture, cell: number): number {
  const { values, estimates, noise, limit, signed } = picture;
  if (noise[cell]) return Number.NaN;
  const value = values[cell] as number;
  const shown = Number.isNaN(value) && signed ? (estimates[cell] as number) : value;
  return shown / limit;
}

/** Returns whether any cell lies beyond the end of the scale. */
export function anyBeyond({ values, limit }: Picture): boolean {
  return values.some((value) => isBeyond(value, limit));
}

/** Returns whether cells are too small for signs, so that negative ones are striped. */
export function anyStriped(picture: Picture): boolean {
  const { cellWidth, cellHeight, detailed } = picture.layout;
  if (detailed && hasSigns(cellWidth, cellHeight)) return false;
  return picture.chart.status.some((_, cell) => shareOf(picture, cell) <= -SIGN_FROM);
}

/** Returns whether a cell of some size has room for a sign. */
export function hasSigns(width: number, height: number): boolean {
  return Math.min(width, height) >= 8;
}

/** Returns the cells of a picture, packed once for as long as their colours stay. */
export function cellsOf(picture: Picture): Cells {
  picture.cells ??= pack(picture);
  return picture.cells;
}

function pack(picture: Picture): Cells {
  const { chart, values, estimates, limit, theme } = picture;
  const cells: Cells = {
    colors: new Uint32Array(chart.size),
    inked: new Uint32Array(chart.size),
    marks: new Uint8Array(chart.size),
    sizes: new Float32Array(chart.size).fill(-1),
    unknown: false,
  };
  const neutral = theme.palette.at(0);
  for (let cell = 0; cell < chart.size; cell++) {
    const status = chart.status[cell];
    const faint = status === Status.unreachable;
    const color = faint ? neutral : colorOf(picture, cell);
    if (!color) {
      cells.unknown ||= status === Status.unmeasured;
      continue;
    }
    cells.colors[cell] = packed(color, faint ? 120 : 255);
    const value = values[cell] as number;
    const estimate = estimates[cell] as number;
    const ink = Number.isNaN(estimate) ? theme.palette.beyond(-1) : dotInk(color);
    cells.inked[cell] = packed(blend(color, ink, INK), 255);
    const size = Math.abs(Number.isNaN(value) ? estimate : value);
    cells.sizes[cell] = Number.isNaN(size) ? 0 : size;
    cells.marks[cell] =
      (Number.isNaN(estimate) ? 0 : Mark.estimated) |
      (shareOf(picture, cell) <= -SIGN_FROM ? Mark.negative : 0) |
      (isBeyond(value, limit) ? Mark.beyond : 0) |
      (faint ? Mark.faint : 0);
  }
  return cells;
}

/** Returns the cell that is drawn where several lie in one pixel. */
export function largestIn(
  { sizes }: Cells,
  { width }: Chart,
  rows: readonly [number, number],
  columns: readonly [number, number],
): number {
  let best = rows[0] * width + columns[0];
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let cell = row * width + columns[0]; cell < row * width + columns[1]; cell++) {
      if ((sizes[cell] as number) > (sizes[best] as number)) best = cell;
    }
  }
  return best;
}

/** How much of the ink of a dot or a stripe is seen over a colour. */
const INK = 0.45;

function dotInk(color: Rgb): Rgb {
  return inkOn(color) === "#000" ? [0, 0, 0] : [255, 255, 255];
}

/** Red first in memory, which is the lowest byte on every machine that browsers run on. */
function packed([red, green, blue]: Rgb, alpha: number): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
