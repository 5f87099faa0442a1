import type { AnyModel, RenderProps } from "@anywidget/types";
import figure from "../../style/figure.css";
import theme from "../../style/theme.css";
import { asBytes } from "../core/arrays";
import { type FigureItem, loadBokeh } from "../core/bokeh";
import { readFigure } from "../core/figure";
import { sentence } from "../core/payload";
import { adoptStyles, STYLE_ID } from "../core/styles";
import type { Figure } from "../generated/views";
import { FigureView } from "../views/figure";

/** The traits of `BokehPane`. */
export interface PaneTraits {
  header: Figure;
  figure: FigureItem;
  selection: string;
  pw_id: string;
}

export type PaneModel = AnyModel<PaneTraits>;

/** Puts the style sheet of figures into the page. */
export function adoptFigureStyle(around?: Node): void {
  adoptStyles(`${STYLE_ID}-figure`, theme + figure, around);
}

/** Ties a view to a model until `signal` aborts, and draws its figure. */
export function bindPane(view: FigureView, model: PaneModel, signal: AbortSignal): void {
  const draw = async () => {
    const item = model.get("figure");
    try {
      const bokeh = await loadBokeh(item.version, () => codeFrom(model, signal));
      if (!signal.aborted) await view.draw(bokeh, item);
    } catch (error) {
      if (!signal.aborted) view.complain(error instanceof Error ? error.message : String(error));
    }
  };
  const drawn = () => void draw();
  const chosen = () => view.choose(model.get("selection"));
  model.on("change:figure", drawn);
  model.on("change:selection", chosen);
  view.connect((selection) => {
    model.set("selection", selection);
    model.save_changes();
  });
  signal.addEventListener(
    "abort",
    () => {
      model.off("change:figure", drawn);
      model.off("change:selection", chosen);
      view.connect(() => {});
    },
    { once: true },
  );
  chosen();
  drawn();
}

/** Draws a pane in hosts that have no renderer of ours: VS Code, Colab, marimo. */
export function renderPane({ model, el, signal }: RenderProps<PaneTraits>): void {
  adoptFigureStyle(el);
  try {
    const view = new FigureView(el, readFigure(model.get("header")));
    bindPane(view, model, signal);
    signal.addEventListener("abort", () => view.destroy(), { once: true });
  } catch (error) {
    el.textContent = sentence(error);
  }
}

/** Asks the kernel for the code of BokehJS: it is too large to lie in every notebook. */
function codeFrom(model: PaneModel, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const answer = (message: { kind?: unknown }, buffers: DataView[]) => {
      if (message?.kind !== "bokehjs" || !buffers[0]) return;
      model.off("msg:custom", answer);
      resolve(new TextDecoder().decode(asBytes(buffers[0])));
    };
    model.on("msg:custom", answer);
    signal.addEventListener(
      "abort",
      () => {
        model.off("msg:custom", answer);
        reject(new Error("The kernel is gone."));
      },
      { once: true },
    );
    model.send({ command: "bokehjs" });
  });
}
