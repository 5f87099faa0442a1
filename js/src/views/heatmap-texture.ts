import { blend, inkOn, type Rgb } from "../core/color";
import type { Theme } from "../core/theme";
import { cornerOf, type Layout } from "./heatmap-layout";

type Pen = CanvasRenderingContext2D;

/** Neither measured nor estimated: a dense hatch. */
export function hatch(pen: Pen, layout: Layout, theme: Theme, cells: number[]): void {
  within(pen, layout, cells, () => hatchLines(pen, layout, theme));
}

/** Hatches the whole plot; what is known is drawn over it. */
export function hatchAll(pen: Pen, layout: Layout, theme: Theme): void {
  pen.save();
  pen.beginPath();
  pen.rect(layout.left, layout.top, layout.plotWidth, layout.plotHeight);
  pen.clip();
  hatchLines(pen, layout, theme);
  pen.restore();
}

/** Pixels from one line of dots to the next, and twice that from dot to dot. */
const STEP = 3;

/** Estimated: dots. */
export function dots(pen: Pen, layout: Layout, theme: Theme, cells: number[]): void {
  const { left, top, plotWidth, plotHeight } = layout;
  within(pen, layout, cells, () => {
    pen.strokeStyle = theme.text;
    pen.globalAlpha = 0.45;
    pen.lineWidth = 1;
    pen.setLineDash([1, 2 * STEP - 1]);
    pen.beginPath();
    for (let line = 1; line < plotHeight; line += STEP) {
      const shift = 1 + ((line - 1) % (2 * STEP));
      pen.moveTo(left + shift, top + line + 0.5);
      pen.lineTo(left + plotWidth, top + line + 0.5);
    }
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  });
}

/** Returns the colour of the same dots where cells are too small to be drawn one by one. */
export function dotted(color: Rgb, x: number, y: number): Rgb {
  const isDot = y % STEP === 0 && (x + y) % (2 * STEP) === 0;
  return isDot ? blend(color, inkOn(color) === "#000" ? [0, 0, 0] : [255, 255, 255], 0.45) : color;
}

/** Cannot reach the receiver: one stroke through each cell. */
export function strokes(pen: Pen, layout: Layout, theme: Theme, cells: number[]): void {
  pen.strokeStyle = theme.muted;
  pen.globalAlpha = 0.35;
  pen.lineWidth = 1;
  pen.beginPath();
  for (const cell of cells) {
    const { x, y } = cornerOf(layout, cell);
    pen.moveTo(x, y + layout.cellHeight - 1);
    pen.lineTo(x + layout.cellWidth - 1, y);
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

/** Draws on some cells only. */
function within(pen: Pen, layout: Layout, cells: number[], draw: () => void): void {
  if (!cells.length) return;
  pen.save();
  pen.beginPath();
  for (const cell of cells) {
    const { x, y } = cornerOf(layout, cell);
    pen.rect(x, y, layout.cellWidth - 1, layout.cellHeight - 1);
  }
  pen.clip();
  draw();
  pen.restore();
}

function hatchLines(pen: Pen, layout: Layout, theme: Theme): void {
  const { left, top, plotWidth, plotHeight } = layout;
  pen.strokeStyle = theme.muted;
  pen.globalAlpha = 0.4;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let offset = -plotHeight; offset < plotWidth; offset += 4) {
    pen.moveTo(left + offset, top);
    pen.lineTo(left + offset + plotHeight, top + plotHeight);
  }
  pen.stroke();
  pen.globalAlpha = 1;
}
