import { css, fromComputed, type Palette, paletteFor } from "./color";
import { PALETTE_ATTRIBUTE } from "./preferences";

/** The colours and the type of the place a view is drawn in. */
export interface Theme {
  palette: Palette;
  /** What is behind everything; white or nearly black where it is not said. */
  background?: string;
  text: string;
  muted: string;
  accent: string;
  font: string;
}

/** Returns the theme of the place `element` is in, and marks it as dark or light. */
export function adoptTheme(element: HTMLElement): Theme {
  const style = getComputedStyle(element);
  const variable = (name: string, otherwise: string) =>
    style.getPropertyValue(name).trim() || otherwise;
  const background = fromComputed(style.backgroundColor) ?? ([255, 255, 255] as const);
  const palette = paletteFor(background);
  // The style sheet's other colours follow this mark, so it comes before they are read.
  element.dataset.theme = palette.dark ? "dark" : "light";
  return {
    palette,
    background: css(background),
    text: style.color || "#1b1f24",
    muted: variable("--pw-muted", "#5d6673"),
    accent: variable("--pw-accent", "#2f5bd3"),
    font: style.fontFamily || "sans-serif",
  };
}

/** Calls back after the page's theme may have changed, until `signal` aborts. */
export function watchTheme(changed: () => void, signal: AbortSignal): void {
  // A theme's own style sheet may arrive, and fade in, after the attribute that announces it.
  let timer = 0;
  const soon = () => {
    changed();
    window.clearTimeout(timer);
    timer = window.setTimeout(changed, 400);
  };
  const observer = new MutationObserver(soon);
  const attributes = [
    "class",
    "style",
    "theme",
    "data-theme",
    "data-jp-theme-light",
    "data-jp-theme-name",
    PALETTE_ATTRIBUTE,
  ];
  for (const element of [document.documentElement, document.body]) {
    observer.observe(element, { attributes: true, attributeFilter: attributes });
  }
  const scheme = window.matchMedia("(prefers-color-scheme: dark)");
  scheme.addEventListener("change", soon);
  signal.addEventListener(
    "abort",
    () => {
      observer.disconnect();
      scheme.removeEventListener("change", soon);
      window.clearTimeout(timer);
    },
    { once: true },
  );
}
