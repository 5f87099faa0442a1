import type { Layout } from "./heatmap-layout";

/** Which part of a map is seen. */
export interface Part {
  /** How much larger than the whole map: 1 shows all of it. */
  zoom: number;
  /** The first column in sight, as a fraction of columns. */
  column: number;
  /** The first row in sight, as a fraction of rows. */
  row: number;
}

export const WHOLE: Part = { zoom: 1, column: 0, row: 0 };

/** Pixels of a cell that can be read at ease. */
const EASY = { width: 34, height: 20 };

/** How much larger than that cells can be made. */
const BEYOND = 2;

/** Cells as large as the whole map allows. */
type Fit = Pick<Layout, "fitWidth" | "fitHeight">;

/** Returns how often larger cells are at a zoom: each side grows until it is easy to read, then both. */
export function scalesAt({ fitWidth, fitHeight }: Fit, zoom: number): [x: number, y: number] {
  const [x, y] = easyScales(fitWidth, fitHeight);
  const more = Math.max(1, zoom / Math.max(x, y));
  return [Math.min(zoom, x) * more, Math.min(zoom, y) * more];
}

/** Returns the largest zoom. */
export function mostZoom({ fitWidth, fitHeight }: Fit): number {
  return BEYOND * Math.max(...easyScales(fitWidth, fitHeight));
}

/** Returns the part that is seen after zooming, with the cell at a point where it was. */
export function zoomed(layout: Layout, from: Part, factor: number, x: number, y: number): Part {
  const zoom = Math.min(mostZoom(layout), Math.max(1, from.zoom * factor));
  const [scaleX, scaleY] = scalesAt(layout, zoom);
  const across = Math.max(0, Math.min(layout.plotWidth, x - layout.left));
  const down = Math.max(0, Math.min(layout.plotHeight, y - layout.top));
  const column = (layout.scrollX + across) / layout.cellWidth - across / layout.fitWidth / scaleX;
  const row = (layout.scrollY + down) / layout.cellHeight - down / layout.fitHeight / scaleY;
  return within(layout, { zoom, column, row });
}

/** Returns the part that is seen after the map was pulled by some pixels. */
export function pulled(layout: Layout, { zoom }: Part, dx: number, dy: number): Part {
  const column = (layout.scrollX - dx) / layout.cellWidth;
  const row = (layout.scrollY - dy) / layout.cellHeight;
  return within(layout, { zoom, column, row });
}

/** Returns the nearest part in which a cell is seen whole. */
export function revealing(layout: Layout, { zoom }: Part, cell: number): Part {
  const reach = (first: number, shown: number, at: number) =>
    Math.min(at, Math.max(first, at + 1 - shown));
  const { cellWidth, cellHeight, columns } = layout;
  return within(layout, {
    zoom,
    column: reach(layout.scrollX / cellWidth, layout.plotWidth / cellWidth, cell % columns),
    row: reach(
      layout.scrollY / cellHeight,
      layout.plotHeight / cellHeight,
      Math.floor(cell / columns),
    ),
  });
}

function within(layout: Layout, { zoom, column, row }: Part): Part {
  const [x, y] = scalesAt(layout, zoom);
  const last = (count: number, scale: number) => count - count / scale;
  const keep = (at: number, most: number) => Math.max(0, Math.min(most, at));
  return {
    zoom,
    column: keep(column, last(layout.columns, x)),
    row: keep(row, last(layout.rows, y)),
  };
}

function easyScales(width: number, height: number): [x: number, y: number] {
  return [Math.max(1, EASY.width / width), Math.max(1, EASY.height / height)];
}
