import { type Chart, Status } from "../core/chart";
import { css } from "../core/color";
import type { Theme } from "../core/theme";
import { cornerOf, type Layout } from "./heatmap-layout";

type Pen = CanvasRenderingContext2D;

/** What the cells of a map show. */
export interface Picture {
  chart: Chart;
  values: Float32Array;
  limit: number;
  layout: Layout;
  theme: Theme;
}

/** From which share of the scale on a cell carries its sign. */
const SIGN_FROM = 0.2;

/** Draws axes and cells. */
export function paintMap(pen: Pen, picture: Picture): void {
  pen.clearRect(0, 0, picture.layout.width, picture.layout.height);
  paintAxes(pen, picture);
  if (picture.layout.detailed) paintCells(pen, picture);
  else paintPixels(pen, picture);
}

/** Draws what changes with the pointer and the keyboard. */
export function paintMarks(
  pen: Pen,
  { layout, theme }: Picture,
  marks: { selected: number; hovered: number; passed: number[] },
): void {
  pen.clearRect(0, 0, layout.width, layout.height);
  for (const cell of marks.passed) box(pen, layout, cell, theme.accent, 2);
  if (marks.hovered >= 0) box(pen, layout, marks.hovered, theme.muted, 1);
  if (marks.selected >= 0) box(pen, layout, marks.selected, theme.text, 2);
}

function paintAxes(pen: Pen, { chart, layout, theme }: Picture): void {
  const { left, top, cellWidth, cellHeight, plotWidth, plotHeight, turned } = layout;
  const bottom = top + plotHeight;
  pen.font = `11px ${theme.font}`;
  pen.fillStyle = theme.muted;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const { index, text } of layout.rowLabels) {
    pen.fillText(text, left - 6, top + (index + 0.5) * cellHeight + 0.5);
  }
  pen.textAlign = turned ? "right" : "center";
  for (const { index, text } of layout.columnLabels) {
    pen.save();
    pen.translate(left + (index + 0.5) * cellWidth, bottom + (turned ? 5 : 11));
    if (turned) pen.rotate(-Math.PI / 2);
    pen.fillText(text, 0, 0);
    pen.restore();
  }
  pen.textAlign = "left";
  pen.fillText(chart.map.rows.name, 0, 7);
  pen.textAlign = "center";
  pen.fillText(chart.map.columns.name, left + plotWidth / 2, layout.height - 7);
}

function paintCells(pen: Pen, { chart, values, limit, layout, theme }: Picture): void {
  const { palette } = theme;
  const width = layout.cellWidth - 1;
  const height = layout.cellHeight - 1;
  const empty = css(palette.at(0));
  const unmeasured: number[] = [];
  const unreachable: number[] = [];
  for (let cell = 0; cell < chart.size; cell++) {
    const status = chart.status[cell];
    if (status === Status.absent) continue;
    const { x, y } = cornerOf(layout, cell);
    const value = values[cell] as number;
    const share = value / limit;
    const blank = Number.isNaN(value);
    pen.fillStyle = blank ? empty : css(palette.at(share));
    pen.fillRect(x, y, width, height);
    if (status === Status.unreachable) unreachable.push(cell);
    else if (blank) unmeasured.push(cell);
    else if (Math.abs(share) >= SIGN_FROM)
      sign(pen, x + width / 2, y + height / 2, share, layout, palette.ink(share));
  }
  hatch(pen, layout, theme, unmeasured);
  strokes(pen, layout, theme, unreachable);
}

function sign(pen: Pen, x: number, y: number, share: number, layout: Layout, ink: string): void {
  const arm = Math.min(3.5, layout.cellWidth / 4, layout.cellHeight / 4);
  if (arm < 2) return;
  pen.strokeStyle = ink;
  pen.globalAlpha = 0.75;
  pen.lineWidth = 1.25;
  pen.beginPath();
  pen.moveTo(x - arm, y);
  pen.lineTo(x + arm, y);
  if (share > 0) {
    pen.moveTo(x, y - arm);
    pen.lineTo(x, y + arm);
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

/** Not measured: a dense hatch. */
function hatch(pen: Pen, layout: Layout, theme: Theme, cells: number[]): void {
  if (!cells.length) return;
  const { left, top, plotWidth, plotHeight } = layout;
  pen.save();
  pen.beginPath();
  for (const cell of cells) {
    const { x, y } = cornerOf(layout, cell);
    pen.rect(x, y, layout.cellWidth - 1, layout.cellHeight - 1);
  }
  pen.clip();
  hatchLines(pen, theme, left, top, plotWidth, plotHeight);
  pen.restore();
}

/** Hatches the whole plot; what was measured is drawn over it. */
function hatchAll(pen: Pen, layout: Layout, theme: Theme): void {
  const { left, top, plotWidth, plotHeight } = layout;
  pen.save();
  pen.beginPath();
  pen.rect(left, top, plotWidth, plotHeight);
  pen.clip();
  hatchLines(pen, theme, left, top, plotWidth, plotHeight);
  pen.restore();
}

function hatchLines(pen: Pen, theme: Theme, x: number, y: number, w: number, h: number): void {
  pen.strokeStyle = theme.muted;
  pen.globalAlpha = 0.4;
  pen.lineWidth = 1;
  pen.beginPath();
  for (let offset = -h; offset < w; offset += 4) {
    pen.moveTo(x + offset, y);
    pen.lineTo(x + offset + h, y + h);
  }
  pen.stroke();
  pen.globalAlpha = 1;
}

/** Cannot reach the receiver: one stroke through each cell. */
function strokes(pen: Pen, layout: Layout, theme: Theme, cells: number[]): void {
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

/** Cells too small for detail: one pixel each in a picture that is scaled to the plot. */
function paintPixels(pen: Pen, { chart, values, limit, layout, theme }: Picture): void {
  const { left, top, plotWidth, plotHeight } = layout;
  if (chart.size === 0) return;
  const scratch = document.createElement("canvas");
  scratch.width = chart.width;
  scratch.height = chart.height;
  const inner = scratch.getContext("2d");
  if (!inner) return;
  const image = inner.createImageData(chart.width, chart.height);
  const far = theme.palette.at(0);
  for (let cell = 0; cell < chart.size; cell++) {
    const value = values[cell] as number;
    const unreachable = chart.status[cell] === Status.unreachable;
    if (Number.isNaN(value) && !unreachable) continue;
    const color = unreachable ? far : theme.palette.at(value / limit);
    image.data[cell * 4] = color[0];
    image.data[cell * 4 + 1] = color[1];
    image.data[cell * 4 + 2] = color[2];
    image.data[cell * 4 + 3] = unreachable ? 120 : 255;
  }
  inner.putImageData(image, 0, 0);
  if (chart.status.includes(Status.unmeasured)) hatchAll(pen, layout, theme);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(scratch, left, top, plotWidth, plotHeight);
}

function box(pen: Pen, layout: Layout, cell: number, color: string, line: number): void {
  const { x, y } = cornerOf(layout, cell);
  const grow = line / 2;
  const width = Math.max(4, layout.cellWidth - 1) + line;
  const height = Math.max(4, layout.cellHeight - 1) + line;
  pen.strokeStyle = color;
  pen.lineWidth = line;
  pen.strokeRect(x - grow, y - grow, width, height);
}
