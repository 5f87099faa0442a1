import { describe, expect, it } from "vitest";
import { move } from "../src/core/keyboard";

/** Five rows of four; the first row has one cell only, as the embedding's. */
const field = { height: 5, width: 4, exists: (cell: number) => cell === 0 || cell >= 4 };
const go = (key: string, from: number, ctrl = false) => move(key, ctrl, from, field);

describe("move", () => {
  it("steps to the neighbour", () => {
    expect(go("ArrowRight", 5)).toBe(6);
    expect(go("ArrowLeft", 5)).toBe(4);
    expect(go("ArrowDown", 5)).toBe(9);
    expect(go("ArrowUp", 9)).toBe(5);
  });

  it("stays at the edges", () => {
    expect(go("ArrowRight", 7)).toBe(7);
    expect(go("ArrowLeft", 4)).toBe(4);
    expect(go("ArrowDown", 17)).toBe(17);
    expect(go("ArrowUp", 0)).toBe(0);
  });

  it("goes to the nearest cell of a row that has few", () => {
    expect(go("ArrowUp", 7)).toBe(0);
    expect(go("ArrowRight", 0)).toBe(0);
  });

  it("goes to the ends of the row and of the map", () => {
    expect(go("Home", 10)).toBe(8);
    expect(go("End", 9)).toBe(11);
    expect(go("Home", 10, true)).toBe(0);
    expect(go("End", 9, true)).toBe(19);
  });

  it("goes by pages", () => {
    const tall = { height: 30, width: 9, exists: () => true };
    expect(move("PageDown", false, 3, tall)).toBe(5 * 9 + 3);
    expect(move("PageUp", false, 7 * 9 + 3, tall)).toBe(2 * 9 + 3);
    expect(move("PageUp", false, 2 * 9 + 3, tall)).toBe(3);
    expect(move("PageDown", false, 28 * 9, tall)).toBe(29 * 9);
  });

  it("leaves other keys alone", () => {
    expect(go("x", 5)).toBeNull();
  });
});
