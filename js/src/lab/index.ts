import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import labStyle from "../../style/lab.css";
import { adoptStyles, STYLE_ID } from "../core/styles";
import { FIGURE_MIME_TYPE, MIME_TYPE } from "../generated/views";
import { style } from "../views/style";
import { adoptFigureStyle } from "../widget/bokeh-pane";
import { commands } from "./commands";
import { RenderedFigure } from "./figure-renderer";
import { preferencesPlugin } from "./preferences";
import { RenderedView } from "./renderer";
import { studyDocument } from "./study-document";
import { studyPanel } from "./study-panel";

// Before widget-view (-10), which would wait for ever in a saved notebook.
const RANK = -20;

const renderer: JupyterFrontEndPlugin<void> = {
  id: "patchwidgets:renderer",
  description: "Draws patchwidgets outputs, with or without a kernel.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate(app: JupyterFrontEnd, registry: IRenderMimeRegistry) {
    adoptStyles(STYLE_ID, style);
    adoptStyles(`${STYLE_ID}-lab`, labStyle);
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

export default [renderer, preferencesPlugin, studyDocument, commands, studyPanel];
