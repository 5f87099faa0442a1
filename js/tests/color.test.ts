import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  blend,
  clippedLimitOf,
  fromComputed,
  inkOn,
  isBeyond,
  limitOf,
  luminance,
  paletteFor,
  type Rgb,
  textOn,
} from "../src/core/color";
import { SIGN_FROM } from "../src/views/heatmap-cells";

const WHITE = [255, 255, 255] as const;
const DARK = [20, 22, 26] as const;

describe.each([
  ["light", WHITE],
  ["dark", DARK],
])("the %s scale", (_, background) => {
  const palette = paletteFor(background);

  it("has the background in its middle", () => {
    const middle = luminance(palette.at(0));
    expect(Math.abs(middle - luminance(background))).toBeLessThan(0.1);
  });

  it("goes as far from it to both sides, red up and blue down", () => {
    for (const share of [0.25, 0.5, 1]) {
      const [red, , blue] = palette.at(share);
      const [negativeRed, , negativeBlue] = palette.at(-share);
      expect(red).toBeGreaterThan(blue);
      expect(negativeBlue).toBeGreaterThan(negativeRed);
      const away = luminance(palette.at(share)) - luminance(palette.at(0));
      const negativeAway = luminance(palette.at(-share)) - luminance(palette.at(0));
      expect(Math.sign(away)).toBe(Math.sign(negativeAway));
      expect(Math.abs(away - negativeAway)).toBeLessThan(0.13);
    }
  });

  it("moves away from the middle all the way", () => {
    for (const sign of [1, -1]) {
      const distances = Array.from({ length: 41 }, (_, i) =>
        Math.abs(luminance(palette.at((sign * i) / 40)) - luminance(palette.at(0))),
      );
      expect(distances).toEqual([...distances].sort((a, b) => a - b));
    }
  });

  it("carries signs that can be read", () => {
    for (let share = -1; share <= 1; share += 0.05) {
      for (const color of [palette.at(share), palette.pale(share), palette.noise]) {
        const ink = inkOn(color) === "#000" ? 0 : 1;
        expect(Math.abs(ink - luminance(color))).toBeGreaterThan(0.4);
      }
    }
  });

  it("is paler for estimates, without losing their sign", () => {
    for (const share of [-1, -0.5, 0.5, 1]) {
      const away = (color: Rgb) => Math.abs(luminance(color) - luminance(palette.at(0)));
      expect(away(palette.pale(share))).toBeLessThan(away(palette.at(share)));
      const [red, , blue] = palette.pale(share);
      expect(Math.sign(red - blue)).toBe(Math.sign(share));
    }
  });

  it("has a colour of its own for sizes without a sign, and a grey for what is below the noise", () => {
    const [red, green, blue] = palette.size(1);
    expect(Math.min(red, blue)).toBeGreaterThan(green + 15);
    expect(Math.max(...palette.noise) - Math.min(...palette.noise)).toBeLessThan(8);
    const apart = luminance(palette.noise) - luminance(palette.at(0));
    expect(Math.abs(apart)).toBeGreaterThan(0.08);
  });

  it("ends where the scale ends", () => {
    expect(palette.at(7)).toEqual(palette.at(1));
    expect(palette.at(-7)).toEqual(palette.at(-1));
  });
});

describe("limitOf", () => {
  it("is the largest size, whatever its sign, and skips what was not measured", () => {
    expect(limitOf([0.1, -0.4, Number.NaN, Number.NEGATIVE_INFINITY])).toBeCloseTo(0.4);
    expect(limitOf([0.1], [-0.7])).toBeCloseTo(0.7);
  });
  it("is 1 where nothing was measured or nothing happened", () => {
    expect(limitOf([])).toBe(1);
    expect(limitOf([0, Number.NaN])).toBe(1);
  });
});

it("reads computed colours and leaves transparent ones", () => {
  expect(fromComputed("rgb(1, 2, 3)")).toEqual([1, 2, 3]);
  expect(fromComputed("rgba(0, 0, 0, 0)")).toBeNull();
  expect(fromComputed("")).toBeNull();
  expect(blend([0, 0, 0], [10, 20, 30], 0.5)).toEqual([5, 10, 15]);
});

it("writes text on every colour of both scales so that it can be read", () => {
  const light = (color: Rgb) => {
    const [r, g, b] = color.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    }) as [number, number, number];
    return 0.2126 * r + 0.7152 * g + 0.0722 * b + 0.05;
  };
  for (const background of [WHITE, DARK]) {
    const palette = paletteFor(background);
    for (let share = -1; share <= 1; share += 0.01) {
      const color = palette.at(share);
      const [one, other] = [light(color), textOn(color) === "#000" ? 0.05 : 1.05];
      expect(Math.max(one, other) / Math.min(one, other)).toBeGreaterThan(4.5);
    }
  }
});

describe("the scale that Python draws", () => {
  const file = resolve(import.meta.dirname, "../../tests/fixtures/scale.json");
  const drawn = JSON.parse(readFileSync(file, "utf8"));
  const palette = paletteFor(WHITE);
  const near = (one: Rgb, other: number[]) => {
    for (const part of [0, 1, 2] as const) {
      expect(Math.abs(one[part] - (other[part] as number))).toBeLessThanOrEqual(2);
    }
  };

  it("is the same, for what was measured and what was estimated", () => {
    for (const [at, color] of drawn.at.entries()) near(palette.at(at / 40 - 1), color);
    for (const [at, color] of drawn.pale.entries()) near(palette.pale(at / 40 - 1), color);
    for (const [at, color] of drawn.size.entries()) near(palette.size(at / 80), color);
  });

  it("has the same colours beside it", () => {
    expect([palette.beyond(-1), palette.beyond(1)]).toEqual(drawn.beyond);
    expect(palette.noise).toEqual(drawn.noise);
    expect(SIGN_FROM).toBe(drawn.sign_from);
  });
});

describe("clippedLimitOf", () => {
  it("is not set by one huge cell", () => {
    const values = new Float32Array(300).fill(0.25);
    values[7] = 50;
    values[8] = Number.NaN;
    expect(clippedLimitOf(values)).toBe(0.25);
    expect(clippedLimitOf([1, 2], [3])).toBe(2);
  });
  it("is the largest where nothing lies between it and 0", () => {
    expect(clippedLimitOf([3])).toBe(3);
    expect(clippedLimitOf([0, 0, 2])).toBe(2);
    expect(clippedLimitOf([])).toBe(1);
  });
});

it("takes rounding to 32 bits for no difference", () => {
  expect(isBeyond(Math.fround(0.3), 0.3)).toBe(false);
  expect(isBeyond(-0.31, 0.3)).toBe(true);
  expect(isBeyond(Number.NaN, 0.3)).toBe(false);
});

it("ends beyond the scale in colours that stand out from its ends", () => {
  for (const background of [WHITE, DARK]) {
    const palette = paletteFor(background);
    for (const sign of [-1, 1]) {
      const away = Math.abs(luminance(palette.beyond(sign)) - luminance(palette.at(sign)));
      expect(away).toBeGreaterThan(0.1);
    }
  }
});
