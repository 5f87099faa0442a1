import { bokehOnPage, type FigureItem } from "../core/bokeh";
import { h } from "../core/dom";
import { readFigureBundle } from "../core/figure";
import { sentence } from "../core/payload";
import { FigureView } from "../views/figure";
import { adoptFigureStyle } from "../widget/bokeh-pane";

/** Draws every chart of the page that has not been drawn yet; the page holds BokehJS itself. */
export function mountFigures(root: ParentNode): void {
  for (const element of root.querySelectorAll<HTMLElement>(".pw-figure-data:not([data-drawn])")) {
    element.dataset.drawn = "";
    void mount(element);
  }
}

async function mount(element: HTMLElement): Promise<void> {
  const place = h("div", {});
  element.append(place);
  try {
    const data = JSON.parse(element.querySelector("script")?.textContent ?? "");
    const view = new FigureView(place, readFigureBundle(data));
    element.querySelector(":scope > img")?.remove();
    const item = data.figure as FigureItem;
    const bokeh = bokehOnPage(item.version);
    if (bokeh) await view.draw(bokeh, item);
  } catch (error) {
    place.textContent = sentence(error);
  }
}

adoptFigureStyle();
mountFigures(document);
