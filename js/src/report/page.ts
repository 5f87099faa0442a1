import { sentence } from "../core/stored";

/** What `reports/_code.py` says of the code it is about to run, and asks of it afterwards. */
interface Page {
  __patchwidgetsCode?: string;
  __patchwidgetsMount?: Record<string, () => void>;
}

/** Lets the loader of these outputs draw them: now, and those that come to the page later. */
export function offer(mount: (code: string) => void): void {
  const page = globalThis as Page;
  const code = page.__patchwidgetsCode ?? "";
  page.__patchwidgetsMount = { ...page.__patchwidgetsMount, [code]: () => mount(code) };
}

/**
 * Draws every stored view of the page that has not been drawn yet.
 *
 * @param code Which code the views were stored with: a page may hold outputs of several versions,
 *   and each is drawn by its own.
 * @param draw Draws what one output stores, as text, into a place.
 */
export function mountEach(
  root: ParentNode,
  code: string,
  draw: (place: HTMLElement, text: string) => void,
): void {
  for (const element of root.querySelectorAll<HTMLElement>(".pw-static:not([data-drawn])")) {
    if ((element.dataset.code ?? "") !== code) continue;
    element.dataset.drawn = "";
    const place = document.createElement("div");
    element.append(place);
    try {
      draw(place, element.querySelector('script[type="application/json"]')?.textContent ?? "");
      element.querySelector(".pw-still")?.remove();
    } catch (error) {
      place.textContent = sentence(error);
    }
  }
}
