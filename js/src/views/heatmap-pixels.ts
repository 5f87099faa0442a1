import { type Cells, cellsOf, largestIn, Mark } from "./heatmap-cells";
import type { Layout, Span } from "./heatmap-layout";
import type { Picture } from "./heatmap-paint";
import { hatchAll, isDot, isStripe } from "./heatmap-texture";
import type { Pen } from "./pen";

/** Draws cells that are too small, or too many, to be drawn one by one. */
export function paintPixels(pen: Pen, picture: Picture): void {
  const { chart, layout, theme } = picture;
  const width = Math.max(1, Math.round(layout.plotWidth));
  const height = Math.max(1, Math.round(layout.plotHeight));
  if (chart.size === 0) return;
  const cells = cellsOf(picture);
  const scratch = document.createElement("canvas");
  scratch.width = width;
  scratch.height = height;
  const inner = scratch.getContext("2d");
  if (!inner) return;
  const image = inner.createImageData(width, height);
  fillPixels(new Uint32Array(image.data.buffer), width, height, picture, cells);
  inner.putImageData(image, 0, 0);
  if (cells.unknown) hatchAll(pen, layout, theme);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(scratch, layout.left, layout.top, layout.plotWidth, layout.plotHeight);
}

function fillPixels(
  pixels: Uint32Array,
  width: number,
  height: number,
  { chart, layout }: Picture,
  cells: Cells,
): void {
  const [across, down] = reaches(layout, width, height);
  const line = new Int32Array(width);
  let drawn: Span | null = null;
  for (let y = 0; y < height; y++) {
    const rows = down[y] as Span;
    if (!drawn || drawn[0] !== rows[0] || drawn[1] !== rows[1]) {
      drawn = rows;
      for (let x = 0; x < width; x++) {
        line[x] = largestIn(cells, chart, rows, across[x] as Span);
      }
    }
    for (let x = 0; x < width; x++) {
      const cell = line[x] as number;
      const mark = cells.marks[cell] as number;
      const inked =
        ((mark & Mark.estimated) !== 0 && isDot(x, y)) ||
        ((mark & Mark.negative) !== 0 && isStripe(y));
      pixels[y * width + x] = (inked ? cells.inked : cells.colors)[cell] as number;
    }
  }
}

/** Returns which columns lie in each pixel from left to right, and which rows from top to bottom. */
function reaches(layout: Layout, width: number, height: number): [Span[], Span[]] {
  const spans = (pixels: number, scroll: number, plot: number, cell: number, count: number) =>
    Array.from({ length: pixels }, (_, pixel): Span => {
      const at = (share: number) => (scroll + (share * plot) / pixels) / cell;
      const first = Math.min(count - 1, Math.floor(at(pixel + (cell < 1 ? 0 : 0.5))));
      const last = cell < 1 ? Math.ceil(at(pixel + 1) - 1e-6) : first + 1;
      return [first, Math.max(first + 1, Math.min(count, last))];
    });
  const { scrollX, scrollY, plotWidth, plotHeight, cellWidth, cellHeight } = layout;
  return [
    spans(width, scrollX, plotWidth, cellWidth, layout.columns),
    spans(height, scrollY, plotHeight, cellHeight, layout.rows),
  ];
}
