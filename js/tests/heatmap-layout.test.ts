import { describe, expect, it } from "vitest";
import { cellAt, cornerOf, layoutOf, thin } from "../src/views/heatmap-layout";

const measure = (text: string) => text.length * 6.5;
const layers = (count: number) => Array.from({ length: count }, (_, i) => `L${i}`);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

describe("layoutOf", () => {
  it.each([
    [30, 9, 420],
    [31, 10, 300],
    [48, 200, 900],
    [500, 200, 700],
    [2, 2, 60],
  ])("fits %i x %i into %i pixels", (rows, columns, room) => {
    const layout = layoutOf(layers(rows), numbers(columns), room, measure);
    expect(layout.width).toBeLessThanOrEqual(Math.max(room, 96));
    expect(layout.plotHeight).toBeLessThanOrEqual(510);
    for (const [labels, cell, size] of [
      [layout.rowLabels, layout.cellHeight, () => 13],
      [layout.columnLabels, layout.cellWidth, measure],
    ] as const) {
      const ends = labels.map(({ index, text }) => {
        const middle = (index + 0.5) * cell;
        return [middle - size(text) / 2, middle + size(text) / 2] as const;
      });
      ends.slice(1).forEach(([start], i) => {
        expect(start).toBeGreaterThanOrEqual(ends[i]?.[1] ?? 0);
      });
    }
  });

  it("turns words that do not fit beside each other", () => {
    const words = ["When", "Mary", "and", "John"];
    expect(layoutOf(layers(3), words, 120, measure).turned).toBe(true);
    expect(layoutOf(layers(3), ["a", "b"], 300, measure).turned).toBe(false);
    expect(layoutOf(layers(3), numbers(40), 300, measure).turned).toBe(false);
    expect(layoutOf(layers(3), [...numbers(9), "mlp"], 200, measure).turned).toBe(false);
  });
});

describe("thin", () => {
  it("keeps words and round numbers", () => {
    const kept = thin(["embed", ...layers(30)], 3, () => 13).map(({ text }) => text);
    expect(kept).toEqual(["embed", "L5", "L10", "L15", "L20", "L25"]);
  });
});

it("finds the cell at a point and the point of a cell", () => {
  const layout = layoutOf(layers(30), numbers(9), 420, measure);
  for (const cell of [0, 8, 9, 200, 269]) {
    const { x, y } = cornerOf(layout, cell);
    expect(cellAt(layout, x + 2, y + 2)).toBe(cell);
  }
  expect(cellAt(layout, 2, 100)).toBe(-1);
  expect(cellAt(layout, 100, layout.top + layout.plotHeight + 1)).toBe(-1);
});
