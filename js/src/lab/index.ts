import type { JupyterFrontEnd, JupyterFrontEndPlugin } from "@jupyterlab/application";
import { IRenderMimeRegistry } from "@jupyterlab/rendermime";
import style from "../../style/explorer.css";
import { adoptStyles, STYLE_ID } from "../core/styles";
import { MIME_TYPE } from "../generated/views";
import { RenderedExplorer } from "./renderer";

// Before widget-view (-10), which would wait for ever in a saved notebook.
const RANK = -20;

const renderer: JupyterFrontEndPlugin<void> = {
  id: "patchwidgets:renderer",
  description: "Draws patchwidgets outputs, with or without a kernel.",
  autoStart: true,
  requires: [IRenderMimeRegistry],
  activate(app: JupyterFrontEnd, registry: IRenderMimeRegistry) {
    adoptStyles(STYLE_ID, style);
    registry.addFactory(
      {
        safe: true,
        mimeTypes: [MIME_TYPE],
        createRenderer: (options) => new RenderedExplorer(app, options),
      },
      RANK,
    );
  },
};

export default [renderer];
