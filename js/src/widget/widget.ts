import type { RenderProps } from "@anywidget/types";
import { stored } from "../core/host";
import { sentence } from "../core/payload";
import { adoptStyles, STYLE_ID } from "../core/styles";
import { style } from "../views/style";
import { openView } from "../views/view";
import { type PaneTraits, renderPane } from "./bokeh-pane";
import type { Traits } from "./live";
import { bind, payloadOf } from "./model-host";

/** Draws a widget in hosts that have no renderer of ours: VS Code, Colab, marimo. */
function renderMaps({ model, el, signal }: RenderProps<Traits>): void {
  adoptStyles(STYLE_ID, style, el);
  try {
    const view = openView(el, payloadOf(model), stored);
    bind(view, model, signal);
    signal.addEventListener("abort", () => view.destroy(), { once: true });
  } catch (error) {
    el.textContent = sentence(error);
  }
}

function render(props: RenderProps<Traits>): void {
  const pane = props as unknown as RenderProps<PaneTraits>;
  if (pane.model.get("figure")) renderPane(pane);
  else renderMaps(props);
}

/** The one runtime widget, which all widgets of a page share. */
export default { initialize: () => ({ render }) };
