import { SCHEMA_VERSION } from "../generated/views";
import { h } from "./dom";

/** Id of the style sheet that all views of a page share. */
export const STYLE_ID = `patchwidgets-style-${SCHEMA_VERSION}`;

/**
 * Puts a style sheet into the page, once.
 *
 * @param around An element in the shadow of another gets one there: the page's do not reach it.
 */
export function adoptStyles(id: string, text: string, around: Node = document): void {
  const root = around.getRootNode();
  const shadow = root instanceof ShadowRoot;
  if ((shadow ? root : document).getElementById(id)) return;
  const style = h("style", { id });
  style.textContent = text;
  (shadow ? root : document.head).append(style);
}
