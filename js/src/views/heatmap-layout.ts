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
  cellWidth: number;
  cellHeight: number;
  plotWidth: number;
  plotHeight: number;
  width: number;
  height: number;
  rowLabels: Label[];
  columnLabels: Label[];
  /** Whether column labels read upwards. */
  turned: boolean;
  /** Whether cells are large enough for gaps, strokes and signs. */
  detailed: boolean;
}

const LINE = 13;
const MAX_CELL_WIDTH = 34;
const MAX_PLOT_HEIGHT = 500;
const MAX_LABEL = 14;

/** Returns the layout of a map that may be `room` pixels wide, its cells `tall` pixels high. */
export function layoutOf(
  rows: string[],
  columns: string[],
  room: number,
  measure: Measure,
  tall: number = MAX_PLOT_HEIGHT,
): Layout {
  const rowTexts = rows.map(shorten);
  const columnTexts = columns.map(shorten);
  const left = Math.ceil(widest(rowTexts, measure)) + 8;
  const top = 18;
  const free = Math.max(40, room - left - 4);
  const cellWidth = whole(Math.min(MAX_CELL_WIDTH, free / Math.max(1, columns.length)));
  const tallest = rows.length > 16 ? 17 : 22;
  const cellHeight = whole(Math.min(tallest, tall / Math.max(1, rows.length)));
  const widestColumn = widest(columnTexts, measure);
  const words = columnTexts.filter((text) => !isNumbered(text)).length;
  const turned = words > columns.length / 2 && widestColumn > cellWidth - 3;
  const plotWidth = cellWidth * columns.length;
  const plotHeight = cellHeight * rows.length;
  const below = turned ? widestColumn + 8 : LINE + 5;
  const columnRoom = turned ? () => LINE : (text: string) => measure(text) + 5;
  return {
    left,
    top,
    cellWidth,
    cellHeight,
    plotWidth,
    plotHeight,
    width: Math.ceil(left + plotWidth + 4),
    height: Math.ceil(top + plotHeight + below + LINE + 3),
    rowLabels: thin(rowTexts, cellHeight, () => LINE),
    columnLabels: thin(columnTexts, cellWidth, columnRoom),
    turned,
    detailed: cellWidth >= 5 && cellHeight >= 5,
  };
}

/** Returns the labels that fit without touching: words first, then round numbers. */
export function thin(texts: string[], cell: number, room: (text: string) => number): Label[] {
  const spans: [number, number][] = [];
  const kept: Label[] = [];
  const place = (index: number) => {
    const text = texts[index] as string;
    const middle = (index + 0.5) * cell;
    const span: [number, number] = [middle - room(text) / 2, middle + room(text) / 2];
    if (spans.some(([from, to]) => span[0] < to && from < span[1])) return;
    spans.push(span);
    kept.push({ index, text });
  };
  const numbered = texts.map(isNumbered);
  const widestNumber = Math.max(0, ...texts.filter((_, i) => numbered[i]).map(room));
  const step = stepFor(widestNumber / cell);
  texts.forEach((_, index) => {
    if (!numbered[index]) place(index);
  });
  texts.forEach((text, index) => {
    if (numbered[index] && trailingNumber(text) % step === 0) place(index);
  });
  return kept.sort((a, b) => a.index - b.index);
}

/** Returns the cell at a point of the map, or -1. */
export function cellAt(layout: Layout, x: number, y: number): number {
  const column = Math.floor((x - layout.left) / layout.cellWidth);
  const row = Math.floor((y - layout.top) / layout.cellHeight);
  const columns = Math.round(layout.plotWidth / layout.cellWidth);
  const inside = column >= 0 && column < columns && y >= layout.top;
  return inside && y < layout.top + layout.plotHeight ? row * columns + column : -1;
}

/** Returns the corner of a cell. */
export function cornerOf(layout: Layout, cell: number): { x: number; y: number } {
  const columns = Math.round(layout.plotWidth / layout.cellWidth);
  return {
    x: layout.left + (cell % columns) * layout.cellWidth,
    y: layout.top + Math.floor(cell / columns) * layout.cellHeight,
  };
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
  return Math.max(0, ...texts.map(measure));
}

function whole(size: number): number {
  return size >= 4 ? Math.floor(size) : size;
}

function shorten(text: string): string {
  const shown = text.replaceAll("\n", "⏎").trim();
  return shown.length > MAX_LABEL ? `${shown.slice(0, MAX_LABEL - 1)}…` : shown;
}
