import { css } from "../core/color";
import type { Theme } from "../core/theme";
import { cornerOf, type Layout } from "./heatmap-layout";
import type { Pen } from "./pen";

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

/** Returns whether the same dots have one at a pixel, where cells are too small for drawing. */
export function isDot(x: number, y: number): boolean {
  return y % STEP === 0 && (x + y) % (2 * STEP) === 0;
}

/** Returns whether the stripes of negative cells run through a pixel. */
export function isStripe(y: number): boolean {
  return y % STEP === 1;
}

/** Negative, where cells are too small for a sign: lines across, where dots would be estimates. */
export function stripes(pen: Pen, layout: Layout, theme: Theme, cells: number[]): void {
  const { left, top, plotWidth, plotHeight } = layout;
  within(pen, layout, cells, () => {
    pen.strokeStyle = css(theme.palette.beyond(-1));
    pen.globalAlpha = 0.45;
    pen.lineWidth = 1;
    pen.beginPath();
    for (let line = 1; line < plotHeight; line += STEP) {
      pen.moveTo(left, top + line + 0.5);
      pen.lineTo(left + plotWidth, top + line + 0.5);
    }
    pen.stroke();
    pen.globalAlpha = 1;
  });
}

/** Pixels of the corner that says of a cell that it lies beyond the scale. */
const CORNER = 6;

/** Beyond the end of the scale: a corner in ink. */
export function corners(pen: Pen, layout: Layout, cells: [cell: number, ink: string][]): void {
  const size = Math.min(CORNER, layout.cellWidth / 2, layout.cellHeight / 2);
  for (const [cell, ink] of cells) {
    const { x, y } = cornerOf(layout, cell);
    const right = x + layout.cellWidth - 1;
    pen.fillStyle = ink;
    pen.beginPath();
    pen.moveTo(right - size, y);
    pen.lineTo(right, y);
    pen.lineTo(right, y + size);
    pen.fill();
  }
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
