import { type Chart, type Drawn, Status } from "../core/chart";
import { css, inkOn, isBeyond } from "../core/color";
import { isDetected, Sign } from "../core/comparison";
import type { Theme } from "../core/theme";
import { type Cells, colorOf, hasSigns, SIGN_FROM, shareOf } from "./heatmap-cells";
import { cornerOf, type Layout, spansOf } from "./heatmap-layout";
import { paintPixels } from "./heatmap-pixels";
import type { Scale } from "./heatmap-scale";
import { corners, dots, hatch, stripes, strokes } from "./heatmap-texture";
import type { Pen } from "./pen";

/** What the cells of a map show. */
export interface Picture extends Drawn {
  chart: Chart;
  layout: Layout;
  theme: Theme;
  /** For every cell whether it is detected, as `Sign`. */
  signs?: Uint8Array | undefined;
  /** Which scale the reader has chosen. */
  scale?: Scale;
  /** The cells packed for drawing, once they were. */
  cells?: Cells;
}

/** Fewest pixels of the mark on a detected cell, which may be larger than the cell. */
const MARK = 9;

/** Pixels of the bars that say which part of a map is seen. */
const BAR = 4;

/** Draws axes and cells. */
export function paintMap(pen: Pen, picture: Picture): void {
  paintAxes(pen, picture);
  pen.save();
  onPlot(pen, picture.layout, 0);
  if (picture.layout.detailed) paintCells(pen, picture);
  else paintPixels(pen, picture);
  if (picture.signs) paintDetected(pen, picture, picture.signs);
  pen.restore();
}

/** Draws what changes with the pointer and the keyboard. */
export function paintMarks(
  pen: Pen,
  { layout, theme, signs }: Picture,
  marks: { selected: number; hovered: number; passed: number[] },
): void {
  pen.save();
  onPlot(pen, layout, 4);
  // Rings have the colour of the text, so that a selection among them needs another.
  const [chosen, passed] = signs ? [theme.accent, theme.text] : [theme.text, theme.accent];
  for (const cell of marks.passed) box(pen, layout, cell, passed, 2);
  if (marks.hovered >= 0) box(pen, layout, marks.hovered, theme.muted, 1);
  if (marks.selected >= 0) box(pen, layout, marks.selected, chosen, signs ? 3 : 2);
  pen.restore();
  paintBars(pen, layout, theme);
}

/** Keeps what is drawn on the part of the map that is seen, and `around` pixels beside it. */
function onPlot(pen: Pen, layout: Layout, around: number): void {
  if (layout.cellWidth === layout.fitWidth && layout.cellHeight === layout.fitHeight) return;
  const { left, top, plotWidth, plotHeight } = layout;
  pen.beginPath();
  pen.rect(left - around, top - around, plotWidth + 2 * around, plotHeight + 2 * around);
  pen.clip();
}

/** Draws beside a zoomed map where the part that is seen lies in it. */
function paintBars(pen: Pen, layout: Layout, theme: Theme): void {
  const { left, top, plotWidth, plotHeight, columns, rows } = layout;
  const across = plotWidth / (layout.cellWidth * columns);
  const down = plotHeight / (layout.cellHeight * rows);
  pen.fillStyle = theme.muted;
  if (across < 1) {
    const x = left + (layout.scrollX / (layout.cellWidth * columns)) * plotWidth;
    pen.fillRect(x, top + plotHeight, Math.max(8, across * plotWidth), BAR);
  }
  if (down < 1) {
    const y = top + (layout.scrollY / (layout.cellHeight * rows)) * plotHeight;
    pen.fillRect(left + plotWidth + 1, y, BAR, Math.max(8, down * plotHeight));
  }
}

function paintAxes(pen: Pen, { chart, layout, theme }: Picture): void {
  const { left, top, cellWidth, cellHeight, plotWidth, plotHeight, turned, scrollX, scrollY } =
    layout;
  const bottom = top + plotHeight;
  pen.font = `11px ${theme.font}`;
  pen.fillStyle = theme.muted;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  for (const { index, text } of layout.rowLabels) {
    pen.fillText(text, left - 6, top + (index + 0.5) * cellHeight - scrollY + 0.5);
  }
  pen.textAlign = turned ? "right" : "center";
  for (const { index, text } of layout.columnLabels) {
    pen.save();
    pen.translate(left + (index + 0.5) * cellWidth - scrollX, bottom + (turned ? 5 : 11));
    if (turned) pen.rotate(-Math.PI / 2);
    pen.fillText(text, 0, 0);
    pen.restore();
  }
  pen.textAlign = "left";
  pen.fillText(chart.map.rows.name, 0, 12);
  pen.textAlign = "center";
  pen.fillText(chart.map.columns.name, left + plotWidth / 2, layout.height - 7);
}

/** Cells one by one, with everything that is said of them. */
function paintCells(pen: Pen, picture: Picture): void {
  const { chart, values, estimates, layout, theme } = picture;
  const width = layout.cellWidth - 1;
  const height = layout.cellHeight - 1;
  const unmeasured: number[] = [];
  const unreachable: number[] = [];
  const estimated: number[] = [];
  const beyond: [cell: number, ink: string][] = [];
  const signs: [cell: number, share: number, ink: string][] = [];
  for (const cell of cellsInSight(layout)) {
    const status = chart.status[cell];
    if (status === Status.absent) continue;
    const { x, y } = cornerOf(layout, cell);
    const color = colorOf(picture, cell) ?? theme.palette.at(0);
    pen.fillStyle = css(color);
    pen.fillRect(x, y, width, height);
    const value = values[cell] as number;
    if (status === Status.unreachable) unreachable.push(cell);
    else if (!Number.isNaN(estimates[cell])) estimated.push(cell);
    else if (Number.isNaN(value)) unmeasured.push(cell);
    if (isBeyond(value, picture.limit)) beyond.push([cell, inkOn(color)]);
    const share = shareOf(picture, cell);
    const marked = isDetected(picture.signs?.[cell] ?? Sign.none);
    if (Math.abs(share) >= SIGN_FROM && !marked) signs.push([cell, share, inkOn(color)]);
  }
  hatch(pen, layout, theme, unmeasured);
  dots(pen, layout, theme, estimated);
  strokes(pen, layout, theme, unreachable);
  corners(pen, layout, beyond);
  if (!hasSigns(layout.cellWidth, layout.cellHeight)) {
    stripes(
      pen,
      layout,
      theme,
      signs.filter(([, share]) => share < 0).map(([cell]) => cell),
    );
    return;
  }
  for (const [cell, share, ink] of signs) {
    const { x, y } = cornerOf(layout, cell);
    sign(pen, x + width / 2, y + height / 2, share, layout.cellWidth, layout.cellHeight, ink);
  }
}

function* cellsInSight(layout: Layout): Generator<number> {
  const { rows, columns } = spansOf(layout);
  for (let row = rows[0]; row < rows[1]; row++) {
    for (let column = columns[0]; column < columns[1]; column++) {
      yield row * layout.columns + column;
    }
  }
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
  if (!hasSigns(width, height)) return;
  const arm = Math.min(3.5, width / 4, height / 4);
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

function box(pen: Pen, layout: Layout, cell: number, color: string, line: number): void {
  const { x, y } = cornerOf(layout, cell);
  const grow = line / 2;
  const width = Math.max(4, layout.cellWidth - 1) + line;
  const height = Math.max(4, layout.cellHeight - 1) + line;
  pen.strokeStyle = color;
  pen.lineWidth = line;
  pen.strokeRect(x - grow, y - grow, width, height);
}
