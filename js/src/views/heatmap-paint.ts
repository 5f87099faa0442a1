import { type Chart, type Drawn, Status } from "../core/chart";
import { css, inkOn, type Rgb } from "../core/color";
import { isDetected, Sign } from "../core/comparison";
import type { Theme } from "../core/theme";
import { cornerOf, type Layout } from "./heatmap-layout";
import { dots, dotted, hatch, hatchAll, strokes } from "./heatmap-texture";

type Pen = CanvasRenderingContext2D;

/** What the cells of a map show. */
export interface Picture extends Drawn {
  chart: Chart;
  layout: Layout;
  theme: Theme;
  /** For every cell whether it is detected, as `Sign`. */
  signs?: Uint8Array | undefined;
}

/** Fewest pixels of the mark on a detected cell, which may be larger than the cell. */
const MARK = 9;

/** From which share of the scale on a cell carries its sign. */
const SIGN_FROM = 0.2;

/** Draws axes and cells. */
export function paintMap(pen: Pen, picture: Picture): void {
  pen.clearRect(0, 0, picture.layout.width, picture.layout.height);
  paintAxes(pen, picture);
  if (picture.layout.detailed) paintCells(pen, picture);
  else paintPixels(pen, picture);
  if (picture.signs) paintDetected(pen, picture, picture.signs);
}

/** Draws what changes with the pointer and the keyboard. */
export function paintMarks(
  pen: Pen,
  { layout, theme, signs }: Picture,
  marks: { selected: number; hovered: number; passed: number[] },
): void {
  pen.clearRect(0, 0, layout.width, layout.height);
  // Rings have the colour of the text, so that a selection among them needs another.
  const [chosen, passed] = signs ? [theme.accent, theme.text] : [theme.text, theme.accent];
  for (const cell of marks.passed) box(pen, layout, cell, passed, 2);
  if (marks.hovered >= 0) box(pen, layout, marks.hovered, theme.muted, 1);
  if (marks.selected >= 0) box(pen, layout, marks.selected, chosen, signs ? 3 : 2);
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

function paintCells(pen: Pen, picture: Picture): void {
  const { chart, values, estimates, noise, limit, layout, theme } = picture;
  const width = layout.cellWidth - 1;
  const height = layout.cellHeight - 1;
  const unmeasured: number[] = [];
  const unreachable: number[] = [];
  const estimated: number[] = [];
  const signs: [cell: number, share: number, color: Rgb][] = [];
  for (let cell = 0; cell < chart.size; cell++) {
    const status = chart.status[cell];
    if (status === Status.absent) continue;
    const { x, y } = cornerOf(layout, cell);
    const color = colorOf(picture, cell) ?? theme.palette.at(0);
    pen.fillStyle = css(color);
    pen.fillRect(x, y, width, height);
    const value = values[cell] as number;
    const estimate = estimates[cell] as number;
    if (status === Status.unreachable) unreachable.push(cell);
    else if (!Number.isNaN(estimate)) estimated.push(cell);
    else if (Number.isNaN(value)) unmeasured.push(cell);
    const share = (Number.isNaN(value) && picture.signed ? estimate : value) / limit;
    const marked = noise[cell] || isDetected(picture.signs?.[cell] ?? Sign.none);
    if (Math.abs(share) >= SIGN_FROM && !marked) signs.push([cell, share, color]);
  }
  hatch(pen, layout, theme, unmeasured);
  dots(pen, layout, theme, estimated);
  strokes(pen, layout, theme, unreachable);
  for (const [cell, share, color] of signs) {
    const { x, y } = cornerOf(layout, cell);
    const ink = inkOn(color);
    sign(pen, x + width / 2, y + height / 2, share, layout.cellWidth, layout.cellHeight, ink);
  }
}

/** Returns the colour of a cell; null where nothing is known of it. */
function colorOf(picture: Picture, cell: number): Rgb | null {
  const { values, estimates, noise, limit, signed } = picture;
  const { palette } = picture.theme;
  const value = values[cell] as number;
  const estimate = estimates[cell] as number;
  if (noise[cell]) return palette.noise;
  if (!Number.isNaN(value)) return palette.at(value / limit);
  if (Number.isNaN(estimate)) return null;
  return signed ? palette.pale(estimate / limit) : palette.size(estimate / limit);
}

function sign(
  pen: Pen,
  x: number,
  y: number,
  share: number,
  width: number,
  height: number,
  ink: string,
): void {
  const arm = Math.min(3.5, width / 4, height / 4);
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

/** Rings the cells that a rule detects, with their sign. */
function paintDetected(pen: Pen, picture: Picture, signs: Uint8Array): void {
  const { layout, theme } = picture;
  const width = Math.max(MARK, layout.cellWidth - 1);
  const height = Math.max(MARK, layout.cellHeight - 1);
  signs.forEach((one, cell) => {
    if (!isDetected(one)) return;
    const color = colorOf(picture, cell) ?? theme.palette.at(0);
    const corner = cornerOf(layout, cell);
    const x = corner.x + (layout.cellWidth - 1 - width) / 2;
    const y = corner.y + (layout.cellHeight - 1 - height) / 2;
    pen.fillStyle = css(color);
    pen.fillRect(x, y, width, height);
    pen.strokeStyle = theme.text;
    pen.lineWidth = 1.5;
    pen.strokeRect(x + 0.75, y + 0.75, width - 1.5, height - 1.5);
    const share = one === Sign.positive ? 1 : -1;
    sign(pen, x + width / 2, y + height / 2, share, width, height, inkOn(color));
  });
}

/** Cells too small for detail: pixels. */
function paintPixels(pen: Pen, picture: Picture): void {
  const { chart, estimates, layout, theme } = picture;
  const width = Math.max(1, Math.round(layout.plotWidth));
  const height = Math.max(1, Math.round(layout.plotHeight));
  const scratch = document.createElement("canvas");
  scratch.width = width;
  scratch.height = height;
  const inner = scratch.getContext("2d");
  if (!inner || chart.size === 0) return;
  const image = inner.createImageData(width, height);
  const colors = Array.from(chart.status, (_, cell) => colorOf(picture, cell));
  for (let at = 0; at < width * height; at++) {
    const x = at % width;
    const y = Math.floor(at / width);
    const row = Math.floor((y * chart.height) / height);
    const cell = row * chart.width + Math.floor((x * chart.width) / width);
    const unreachable = chart.status[cell] === Status.unreachable;
    const plain = unreachable ? theme.palette.at(0) : colors[cell];
    if (!plain) continue;
    const color = Number.isNaN(estimates[cell]) ? plain : dotted(plain, x, y);
    for (let part = 0; part < 3; part++) image.data[at * 4 + part] = color[part] as number;
    image.data[at * 4 + 3] = unreachable ? 120 : 255;
  }
  inner.putImageData(image, 0, 0);
  const unknown = chart.status.some((one, cell) => one === Status.unmeasured && !colors[cell]);
  if (unknown) hatchAll(pen, layout, theme);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(scratch, layout.left, layout.top, layout.plotWidth, layout.plotHeight);
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
