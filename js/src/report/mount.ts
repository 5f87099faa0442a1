import { stored } from "../core/host";
import { readBundle, sentence } from "../core/payload";
import { openView } from "../views/view";

/** Draws every stored view of the page that has not been drawn yet. */
export function mountAll(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>(".pw-static:not([data-drawn])")) {
    element.dataset.drawn = "";
    mount(element);
  }
}

function mount(element: HTMLElement): void {
  const data = element.querySelector('script[type="application/json"]')?.textContent ?? "";
  const place = document.createElement("div");
  element.append(place);
  try {
    openView(place, readBundle(JSON.parse(data)), stored);
    element.querySelector(".pw-still")?.remove();
  } catch (error) {
    place.textContent = sentence(error);
  }
}
