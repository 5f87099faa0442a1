import type { RenderProps } from "@anywidget/types";
import style from "../../style/explorer.css";
import { stored } from "../core/host";
import { sentence } from "../core/payload";
import { adoptStyles, STYLE_ID } from "../core/styles";
import { ExplorerView } from "../views/explorer";
import type { Traits } from "./live";
import { bind, payloadOf } from "./model-host";

/** Draws a widget in hosts that have no renderer of ours: VS Code, Colab, marimo. */
function render({ model, el, signal }: RenderProps<Traits>): void {
  adoptStyles(STYLE_ID, style);
  try {
    const view = new ExplorerView(el, payloadOf(model), stored);
    bind(view, model, signal);
    signal.addEventListener("abort", () => view.destroy(), { once: true });
  } catch (error) {
    el.textContent = sentence(error);
  }
}

/** The one runtime widget, which all widgets of a page share. */
export default { initialize: () => ({ render }) };
