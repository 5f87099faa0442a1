import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import { adoptStyles, STYLE_ID } from "../core/styles";
import { FIGURE_MIME_TYPE, MIME_TYPE } from "../generated/views";
import { style } from "../views/style";
import { adoptFigureStyle } from "../widget/bokeh-pane";
import { RenderedFigure } from "./figure-renderer";
import { RenderedView } from "./renderer";

// Before widget-view (-10), which would wait for ever in a saved notebook.
const RANK = -20;

const renderer: JupyterFrontEndPlugin<void> = {
  id: "patchwidgets:renderer",
  description: "Draws patchwidgets outputs, with or without a kernel.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate(app: JupyterFrontEnd, registry: IRenderMimeRegistry) {
    adoptStyles(STYLE_ID, style);
    adoptFigureStyle();
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [MIME_TYPE],
        createRenderer: (options) => new RenderedView(app, options),
      },
      RANK,
    );
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [FIGURE_MIME_TYPE],
        createRenderer: (options) => new RenderedFigure(app, options),
      },
      RANK,
    );
  },
};

export default [renderer];
