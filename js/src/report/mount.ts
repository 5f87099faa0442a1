import { stored } from "../core/host";
import { readBundle, readStored, sentence } from "../core/payload";
import { openView } from "../views/view";

/**
 * Draws every stored view of the page that has not been drawn yet.
 *
 * @param code Which code the views were stored with: a page may hold outputs of several versions,
 *   and each is drawn by its own.
 */
export function mountAll(root: ParentNode, code = ""): void {
  for (const element of root.querySelectorAll<HTMLElement>(".pw-static:not([data-drawn])")) {
    if ((element.dataset.code ?? "") !== code) continue;
    element.dataset.drawn = "";
    mount(element);
  }
}

function mount(element: HTMLElement): void {
  const data = element.querySelector('script[type="application/json"]')?.textContent ?? "";
  const place = document.createElement("div");
  element.append(place);
  try {
    openView(place, readBundle(readStored(data)), stored);
    element.querySelector(".pw-still")?.remove();
  } catch (error) {
    place.textContent = sentence(error);
  }
}
