import { type Part, scalesAt, WHOLE } from "./heatmap-zoom";

/** Returns the width of a text in pixels. */
export type Measure = (text: string) => number;

/** One label beside or below the cells. */
export interface Label {
  index: number;
  text: string;
}

/** Where everything of a map lies, in CSS pixels. */
export interface Layout {
  left: number;
  top: number;
  rows: number;
  columns: number;
  cellWidth: number;
  cellHeight: number;
  /** Size of a cell where the whole map is seen. */
  fitWidth: number;
  fitHeight: number;
  /** Size of the part that is seen: of the whole map, where it is not zoomed. */
  plotWidth: number;
  plotHeight: number;
  /** Pixels of the map that lie left of and above that part. */
  scrollX: number;
  scrollY: number;
  width: number;
  height: number;
  rowLabels: Label[];
  columnLabels: Label[];
  /** Whether column labels read upwards. */
  turned: boolean;
  /** Whether cells are large enough, and few enough, for gaps, strokes and signs. */
  detailed: boolean;
}

/** What a layout may be asked for beyond its width. */
export interface Wish {
  /** Most pixels the cells may be high together. */
  tall?: number | undefined;
  part?: Part;
  /** Whether cells may be larger than usual: where there is a whole screen for them. */
  large?: boolean;
}

const LINE = 13;
const TOP = 24;
const MAX_CELL_WIDTH = 34;
const MAX_PLOT_HEIGHT = 500;
const MAX_LABEL = 14;
/** Most cells that are drawn one by one; more would not keep up with the pointer. */
const MOST_DETAILED = 6000;

/** Returns the layout of a map that may be `room` pixels wide. */
export function layoutOf(
  rows: string[],
  columns: string[],
  room: number,
  measure: Measure,
  { tall = MAX_PLOT_HEIGHT, part = WHOLE, large = false }: Wish = {},
): Layout {
  const rowTexts = rows.map(shorten);
  const columnTexts = columns.map(shorten);
  const left = Math.ceil(widest(rowTexts, measure)) + 8;
  const grow = large ? 2 : 1;
  const free = Math.max(40, room - left - 6);
  const fitWidth = whole(Math.min(grow * MAX_CELL_WIDTH, free / Math.max(1, columns.length)));
  const tallest = grow * (rows.length > 16 ? 17 : 22);
  const fitHeight = whole(Math.min(tallest, tall / Math.max(1, rows.length)));
  const [scaleX, scaleY] = scalesAt({ fitWidth, fitHeight }, part.zoom);
  const cellWidth = fitWidth * scaleX;
  const cellHeight = fitHeight * scaleY;
  const widestColumn = widest(columnTexts, measure);
  const words = columnTexts.filter((text) => !isNumbered(text)).length;
  const turned = words > columns.length / 2 && widestColumn > fitWidth - 3;
  const plotWidth = fitWidth * columns.length;
  const plotHeight = fitHeight * rows.length;
  const below = turned ? widestColumn + 8 : LINE + 5;
  const columnRoom = turned ? () => LINE : (text: string) => measure(text) + 5;
  const scrollX = part.column * cellWidth;
  const scrollY = part.row * cellHeight;
  const drawn = (plotWidth / cellWidth) * (plotHeight / cellHeight);
  return {
    left,
    top: TOP,
    rows: rows.length,
    columns: columns.length,
    cellWidth,
    cellHeight,
    fitWidth,
    fitHeight,
    plotWidth,
    plotHeight,
    scrollX,
    scrollY,
    width: Math.ceil(left + plotWidth + 6),
    height: Math.ceil(TOP + plotHeight + below + LINE + 3),
    rowLabels: inSight(
      thin(rowTexts, cellHeight, () => LINE),
      cellHeight,
      scrollY,
      plotHeight,
    ),
    columnLabels: inSight(thin(columnTexts, cellWidth, columnRoom), cellWidth, scrollX, plotWidth),
    turned,
    detailed: cellWidth >= 5 && cellHeight >= 5 && drawn <= MOST_DETAILED,
  };
}

/** Returns the labels that fit without touching: words first, then round numbers. */
export function thin(texts: string[], cell: number, room: (text: string) => number): Label[] {
  const numbered = texts.map(isNumbered);
  let widestNumber = 0;
  texts.forEach((text, index) => {
    if (numbered[index]) widestNumber = Math.max(widestNumber, room(text));
  });
  const step = stepFor(widestNumber / cell);
  const words = new Row(cell, room);
  const numbers = new Row(cell, room);
  texts.forEach((text, index) => {
    if (!numbered[index]) words.add(index, text);
  });
  texts.forEach((text, index) => {
    if (numbered[index] && trailingNumber(text) % step === 0) numbers.add(index, text, words);
  });
  return [...words.kept, ...numbers.kept].sort((a, b) => a.index - b.index);
}

/** Labels from left to right, none of which touches the one before it. */
class Row {
  readonly kept: Label[] = [];
  private readonly starts: number[] = [];
  private readonly ends: number[] = [];
  private passed = 0;

  constructor(
    private readonly cell: number,
    private readonly room: (text: string) => number,
  ) {}

  /** Adds a label where it touches none of this row and of another one. */
  add(index: number, text: string, other?: Row): void {
    const middle = (index + 0.5) * this.cell;
    const half = this.room(text) / 2;
    const last = this.ends.at(-1) ?? Number.NEGATIVE_INFINITY;
    if (middle - half < last || other?.touches(middle - half, middle + half)) return;
    this.starts.push(middle - half);
    this.ends.push(middle + half);
    this.kept.push({ index, text });
  }

  /** Returns whether a label lies there; asked from left to right. */
  private touches(start: number, end: number): boolean {
    while ((this.ends[this.passed] ?? Number.POSITIVE_INFINITY) <= start) this.passed += 1;
    return (this.starts[this.passed] ?? Number.POSITIVE_INFINITY) < end;
  }
}

/** Returns the cell at a point of the map, or -1. */
export function cellAt(layout: Layout, x: number, y: number): number {
  const across = x - layout.left;
  const down = y - layout.top;
  const { plotWidth, plotHeight, columns, rows } = layout;
  if (across < 0 || across >= plotWidth || down < 0 || down >= plotHeight) return -1;
  const column = Math.floor((across + layout.scrollX) / layout.cellWidth);
  const row = Math.floor((down + layout.scrollY) / layout.cellHeight);
  return Math.min(row, rows - 1) * columns + Math.min(column, columns - 1);
}

/** Returns the corner of a cell, which may lie outside the part that is seen. */
export function cornerOf(layout: Layout, cell: number): { x: number; y: number } {
  return {
    x: layout.left + (cell % layout.columns) * layout.cellWidth - layout.scrollX,
    y: layout.top + Math.floor(cell / layout.columns) * layout.cellHeight - layout.scrollY,
  };
}

/** The rows or columns that are seen, from the first to before the last. */
export type Span = [from: number, to: number];

/** Returns which rows and columns are seen. */
export function spansOf(layout: Layout): { rows: Span; columns: Span } {
  const span = (scroll: number, plot: number, cell: number, count: number): Span => [
    Math.max(0, Math.floor(scroll / cell + 1e-9)),
    Math.min(count, Math.ceil((scroll + plot) / cell - 1e-9)),
  ];
  return {
    rows: span(layout.scrollY, layout.plotHeight, layout.cellHeight, layout.rows),
    columns: span(layout.scrollX, layout.plotWidth, layout.cellWidth, layout.columns),
  };
}

function inSight(labels: Label[], cell: number, scroll: number, plot: number): Label[] {
  return labels.filter(({ index }) => {
    const middle = (index + 0.5) * cell - scroll;
    return middle >= 0 && middle <= plot;
  });
}

function stepFor(cellsPerLabel: number): number {
  for (let scale = 1; ; scale *= 10) {
    for (const step of [1, 2, 5]) {
      if (step * scale >= cellsPerLabel) return step * scale;
    }
  }
}

function isNumbered(text: string): boolean {
  return /^[A-Za-z]?\d+$/.test(text);
}

function trailingNumber(text: string): number {
  return Number(/\d+$/.exec(text)?.[0] ?? 0);
}

function widest(texts: string[], measure: Measure): number {
  let width = 0;
  for (const text of texts) width = Math.max(width, measure(text));
  return width;
}

function whole(size: number): number {
  return size >= 4 ? Math.floor(size) : size;
}

/** Returns a label short enough to draw; what breaks lines or has no width is seen as a mark. */
function shorten(text: string): string {
  const shown = text.replaceAll("\n", "⏎").trim();
  if (shown.length <= MAX_LABEL) return shown;
  const letters = [...shown.slice(0, 2 * MAX_LABEL)];
  return letters.length > MAX_LABEL ? `${letters.slice(0, MAX_LABEL - 1).join("")}…` : shown;
}
