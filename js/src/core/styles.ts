import { SCHEMA_VERSION } from "../generated/views";
import { h } from "./dom";

/** Id of the style sheet that all views of a page share. */
export const STYLE_ID = `patchwidgets-style-${SCHEMA_VERSION}`;

/** Puts a style sheet into the page, once. */
export function adoptStyles(id: string, text: string): void {
  if (document.getElementById(id)) return;
  const style = h("style", { id });
  style.textContent = text;
  document.head.append(style);
}
