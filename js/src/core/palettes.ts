import { PALETTE_ATTRIBUTE, type PaletteName } from "./preferences";

/** Colours from a quarter of a scale to its end, on each side of 0. */
interface Sides {
  positive: string[];
  negative: string[];
}

// ColorBrewer's PuOr, and the same hues rising in lightness for dark themes.
const ORANGE_PURPLE = {
  light: {
    positive: ["#fee0b6", "#fdb863", "#e08214", "#a85200"],
    negative: ["#d8daeb", "#b2abd2", "#8073ac", "#542788"],
  },
  dark: {
    positive: ["#4d3516", "#865512", "#cc8427", "#ffc277"],
    negative: ["#332a52", "#5a4a8f", "#8f7fcb", "#cfc4ff"],
  },
};

/** Returns the two sides of the page's colour scale, given those of the default one. */
export function sidesOf<Default extends Sides>(red: Default, dark: boolean): Default {
  const name = document.documentElement.getAttribute(PALETTE_ATTRIBUTE) as PaletteName | null;
  if (name === "blue-red") return { ...red, positive: red.negative, negative: red.positive };
  if (name === "orange-purple") return { ...red, ...ORANGE_PURPLE[dark ? "dark" : "light"] };
  return red;
}
