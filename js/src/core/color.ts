import { sidesOf } from "./palettes";

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [number, number, number];

const STEPS = 256;

// Each from a quarter of the scale to its end: ColorBrewer's RdBu, which readers with any common
// colour blindness can tell apart, and the same two hues rising in lightness for dark themes.
const LIGHT = {
  positive: ["#fbdccb", "#f4a582", "#d6604d", "#b2182b"],
  negative: ["#d2e5f1", "#92c5de", "#4393c3", "#2166ac"],
  size: ["#bfa8dc", "#7b52ab"],
  beyond: ["#67001f", "#053061"],
};
const DARK = {
  positive: ["#55292c", "#94383b", "#d5564f", "#ff9b87"],
  negative: ["#1f3c57", "#2a6292", "#4594cd", "#9ad6ff"],
  size: ["#5f4e82", "#c3a3f0"],
  beyond: ["#ffe3da", "#e2f3ff"],
};

/** How far towards the middle of the scale an estimate's colour is moved. */
const PALER = 0.3;

/** A diverging scale whose middle is the theme's background. */
export interface Palette {
  dark: boolean;
  /** Colour of a value that is `share` of the largest, from -1 to 1. */
  at(share: number): Rgb;
  /** The same for an estimate: paler. */
  pale(share: number): Rgb;
  /** Colour of a value that lies beyond an end of the scale, by its sign. */
  beyond(share: number): Rgb;
  /** Colour of an estimate of which only the size is known, from 0 to 1. */
  size(share: number): Rgb;
  /** What is below the noise floor. */
  noise: Rgb;
}

/** Returns ink that can be read on a colour. */
export function inkOn(color: Rgb): string {
  return luminance(color) > 0.42 ? "#000" : "#fff";
}

/** Returns black or white, whichever has the higher contrast as text: always above 4.5 to 1. */
export function textOn(color: Rgb): string {
  const [red, green, blue] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  // Where both contrasts, (L + 0.05) / 0.05 and 1.05 / (L + 0.05), are the same.
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.1791 ? "#000" : "#fff";
}

/** Returns the largest absolute number, or 1 where there is none. */
export function limitOf(...arrays: ArrayLike<number>[]): number {
  let limit = 0;
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(values[i] as number);
      if (size > limit && size < Number.POSITIVE_INFINITY) limit = size;
    }
  }
  return limit || 1;
}

/** Which share of the cells a clipped scale reaches. */
const CLIPPED_AT = 0.99;

/**
 * Returns the end of a scale that the largest cells do not set: the size that 99 % of the cells do
 * not pass, and at least the second largest; the largest where nothing lies between it and 0.
 */
export function clippedLimitOf(...arrays: ArrayLike<number>[]): number {
  const sizes: number[] = [];
  for (const values of arrays) {
    for (let i = 0; i < values.length; i++) {
      const size = Math.abs(values[i] as number);
      if (size < Number.POSITIVE_INFINITY) sizes.push(size);
    }
  }
  const sorted = Float64Array.from(sizes).sort();
  const at = Math.min(sorted.length - 2, Math.floor(CLIPPED_AT * (sorted.length - 1)));
  return sorted[at] || sorted.subarray(Math.max(0, at)).find((size) => size > 0) || 1;
}

/** Returns whether a number lies beyond the end of a scale; rounding to 32 bits is no difference. */
export function isBeyond(value: number, limit: number): boolean {
  return Math.abs(value) > limit * (1 + 1e-6);
}

/** Returns the scale for a background. */
export function paletteFor(background: Rgb): Palette {
  const dark = luminance(background) < 0.35;
  const neutral = blend(background, dark ? [255, 255, 255] : [0, 0, 0], dark ? 0.09 : 0.0314);
  const { positive, negative, size, beyond } = sidesOf(dark ? DARK : LIGHT, dark);
  const ramps = [positive, negative, size].map((stops) => ramp([neutral, ...stops.map(fromHex)]));
  const [up, down, sizes] = ramps as [Rgb[], Rgb[], Rgb[]];
  const [above, below] = beyond.map(fromHex) as [Rgb, Rgb];
  const on = (scale: Rgb[], share: number) =>
    scale[Math.round(Math.min(1, Math.abs(share)) * STEPS)] ?? neutral;
  const at = (share: number) => on(share < 0 ? down : up, share);
  return {
    dark,
    at,
    pale: (share) => blend(at(share), neutral, PALER),
    beyond: (share) => (share < 0 ? below : above),
    size: (share) => blend(on(sizes, share), neutral, PALER),
    noise: blend(background, dark ? [255, 255, 255] : [0, 0, 0], dark ? 0.22 : 0.15),
  };
}

/** Returns the CSS text of a colour. */
export function css(color: Rgb): string {
  return `rgb(${color.join(" ")})`;
}

/** Returns a colour that lies `share` of the way from one to the other. */
export function blend(from: Rgb, to: Rgb, share: number): Rgb {
  const mix = (i: 0 | 1 | 2) => Math.round(from[i] + (to[i] - from[i]) * share);
  return [mix(0), mix(1), mix(2)];
}

/** Returns the perceived lightness of a colour from 0 to 1. */
export function luminance([red, green, blue]: Rgb): number {
  return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
}

/** Reads what `getComputedStyle` says of a colour; null where it is not opaque. */
export function fromComputed(text: string): Rgb | null {
  const [red, green, blue, alpha = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
  if (!text.startsWith("rgb") || blue === undefined || alpha < 0.5) return null;
  return [red as number, green as number, blue];
}

function fromHex(hex: string): Rgb {
  const whole = Number.parseInt(hex.slice(1), 16);
  return [whole >> 16, (whole >> 8) & 255, whole & 255];
}

function ramp(stops: Rgb[]): Rgb[] {
  return Array.from({ length: STEPS + 1 }, (_, step) => {
    const place = (step / STEPS) * (stops.length - 1);
    const index = Math.min(Math.floor(place), stops.length - 2);
    return blend(stops[index] as Rgb, stops[index + 1] as Rgb, place - index);
  });
}
