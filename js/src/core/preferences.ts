/** Names of colour scales; `palettes.ts` has their colours. */
export const PALETTES = ["red-blue", "blue-red", "orange-purple"] as const;

export type PaletteName = (typeof PALETTES)[number];

/** What the reader prefers in the place a view is drawn in. */
export interface Preferences {
  palette: PaletteName;
  /** Name of the metric that is drawn first; empty for the first of a map. */
  metric: string;
  /** A click that would measure for longer asks first; 0 never asks. */
  confirmSeconds: number;
}

/** What holds where nobody set anything. */
export const DEFAULTS: Readonly<Preferences> = {
  palette: "red-blue",
  metric: "",
  confirmSeconds: 60,
};

/** The attribute of the page by which every view finds its colour scale. */
export const PALETTE_ATTRIBUTE = "data-pw-palette";

/** Returns preferences with what is missing or unknown left as it is by default. */
export function readPreferences(found: Partial<Record<keyof Preferences, unknown>>): Preferences {
  const { palette, metric, confirmSeconds } = found;
  return {
    palette: PALETTES.find((name) => name === palette) ?? DEFAULTS.palette,
    metric: typeof metric === "string" ? metric : DEFAULTS.metric,
    confirmSeconds:
      typeof confirmSeconds === "number" && confirmSeconds >= 0
        ? confirmSeconds
        : DEFAULTS.confirmSeconds,
  };
}

let current: Preferences = { ...DEFAULTS };

/** Returns the preferences of this page. */
export function preferences(): Readonly<Preferences> {
  return current;
}

/** Takes over preferences; views take up a new colour scale at once. */
export function adoptPreferences(changed: Preferences): void {
  current = changed;
  document.documentElement.setAttribute(PALETTE_ATTRIBUTE, changed.palette);
}
