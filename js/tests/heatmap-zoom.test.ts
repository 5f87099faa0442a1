import { describe, expect, it } from "vitest";
import { cellAt, cornerOf, type Layout, layoutOf, spansOf } from "../src/views/heatmap-layout";
import { mostZoom, type Part, pulled, revealing, WHOLE, zoomed } from "../src/views/heatmap-zoom";

const measure = (text: string) => text.length * 6.5;
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));
const words = (count: number) => Array.from({ length: count }, (_, i) => `word${i % 50}`);
const rows = numbers(30);
const columns = words(2000);
const at = (part: Part): Layout => layoutOf(rows, columns, 900, measure, { part });

/** Zooms in around a point, one step after another. */
function closer(steps: number, x: number, y: number): Part {
  let part = WHOLE;
  for (let step = 0; step < steps; step++) part = zoomed(at(part), part, 1.5, x, y);
  return part;
}

describe("zooming", () => {
  it("keeps the cell at the point where it was", () => {
    const [x, y] = [400, 200];
    const before = cellAt(at(WHOLE), x, y);
    for (const steps of [1, 4, 9]) {
      const layout = at(closer(steps, x, y));
      const { x: left } = cornerOf(layout, before);
      expect(left).toBeLessThanOrEqual(x + 1);
      expect(left + layout.cellWidth).toBeGreaterThanOrEqual(x - 1);
    }
  });

  it("leaves the size of the map as it is", () => {
    const [whole, close] = [at(WHOLE), at(closer(9, 400, 200))];
    for (const part of ["width", "height", "plotWidth", "plotHeight", "turned", "left"] as const) {
      expect(close[part]).toBe(whole[part]);
    }
  });

  it("grows narrow cells first, until both sides can be read", () => {
    const layout = at(closer(5, 400, 200));
    expect(layout.cellWidth / layout.fitWidth).toBeGreaterThan(5);
    expect(layout.cellHeight).toBeCloseTo(20);
  });

  it("ends at the whole map and at cells that fill the eye", () => {
    const part = closer(40, 400, 200);
    expect(part.zoom).toBe(mostZoom(at(WHOLE)));
    expect(at(part).cellWidth).toBeGreaterThanOrEqual(60);
    expect(zoomed(at(part), part, 1e-9, 400, 200)).toEqual(WHOLE);
  });

  it("can be pulled to every edge and not beyond", () => {
    const part = closer(9, 400, 200);
    const far = pulled(at(part), part, -1e9, -1e9);
    const { rows: down, columns: across } = spansOf(at(far));
    expect([down[1], across[1]]).toEqual([30, 2000]);
    const back = pulled(at(far), far, 1e9, 1e9);
    expect([back.row, back.column]).toEqual([0, 0]);
    const moved = pulled(at(back), back, -10, 0);
    expect(at(moved).scrollX).toBeCloseTo(10);
  });

  it("brings a cell into sight, and moves no further than needed", () => {
    const part = closer(9, 400, 200);
    for (const cell of [0, 1999, 29 * 2000, 30 * 2000 - 1, 12_345]) {
      const layout = at(revealing(at(part), part, cell));
      const { x, y } = cornerOf(layout, cell);
      expect(x).toBeGreaterThanOrEqual(layout.left - 0.01);
      expect(x + layout.cellWidth).toBeLessThanOrEqual(layout.left + layout.plotWidth + 0.01);
      expect(y).toBeGreaterThanOrEqual(layout.top - 0.01);
      expect(y + layout.cellHeight).toBeLessThanOrEqual(layout.top + layout.plotHeight + 0.01);
    }
    const seen = cellAt(at(part), 400, 200);
    expect(revealing(at(part), part, seen)).toEqual(part);
  });

  it("shows labels of what is in sight only, none of which touch", () => {
    for (const steps of [0, 3, 6, 12]) {
      const layout = at(closer(steps, 700, 300));
      const { columns: across } = spansOf(layout);
      const places = layout.columnLabels.map(({ index }) => index);
      expect(places.length).toBeGreaterThan(5);
      for (const index of places) {
        expect(index).toBeGreaterThanOrEqual(across[0]);
        expect(index).toBeLessThan(across[1]);
      }
      places.slice(1).forEach((index, before) => {
        const apart = (index - (places[before] as number)) * layout.cellWidth;
        expect(apart).toBeGreaterThanOrEqual(13 - 1e-9);
      });
    }
  });
});

it("lays out a map of 20,000 columns", () => {
  const layout = layoutOf(["0"], numbers(20_000), 900, measure);
  expect(layout.columnLabels.length).toBeGreaterThan(5);
  expect(layout.detailed).toBe(false);
});
