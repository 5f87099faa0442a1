import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ISessionContext } from "@jupyterlab/apputils";
import type { DocumentRegistry } from "@jupyterlab/docregistry";
import type { ISignal } from "@lumino/signaling";
import type { Widget } from "@lumino/widgets";

/** One output as a notebook file holds it. */
export interface StoredOutput {
  data?: Record<string, unknown>;
}

/** A notebook's cell, as far as this extension knows it. */
export interface Cell extends Widget {
  model: {
    type: string;
    sharedModel: { setSource(source: string): void };
    toJSON(): { outputs?: StoredOutput[] };
  };
}

/** An open notebook or console, as far as this extension knows them. */
export interface Panel extends Widget {
  content: Widget & {
    rendermime?: { resolver?: unknown };
    widgets?: readonly Cell[];
    activeCell?: Cell | null;
    activeCellIndex: number;
    scrollToItem?(index: number, align?: string): Promise<void>;
    model?: { contentChanged: ISignal<unknown, unknown> } | null;
  };
  context?: DocumentRegistry.Context;
  sessionContext?: ISessionContext;
}

/** Returns the open panels that hold cells, notebooks and consoles. */
export function* panelsOf(app: JupyterFrontEnd): Generator<Panel> {
  for (const widget of app.shell.widgets("main")) {
    const panel = widget as Panel;
    if (panel.content?.rendermime) yield panel;
  }
}

/** Returns the notebook in front, or null. */
export function currentNotebook(app: JupyterFrontEnd): Panel | null {
  const panel = app.shell.currentWidget as Panel | null;
  return panel?.content?.rendermime && panel.content.widgets && panel.context ? panel : null;
}

/** Returns the notebook that an element is in, with the index of its cell; null for neither. */
export function placeOf(
  app: JupyterFrontEnd,
  element: Element,
): { panel: Panel; cell: number } | null {
  for (const panel of panelsOf(app)) {
    if (!panel.node.contains(element)) continue;
    const cell = panel.content.widgets?.findIndex(({ node }) => node.contains(element)) ?? -1;
    return cell < 0 ? null : { panel, cell };
  }
  return null;
}
