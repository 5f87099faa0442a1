import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IRenderMime } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import { readFigureBundle } from "../core/figure";
import { sentence } from "../core/payload";
import { FigureView } from "../views/figure";
import { bindPane, type PaneModel } from "../widget/bokeh-pane";
import { follow } from "./follow";

/** One chart: its still picture at once, and the live figure if the kernel has it. */
export class RenderedFigure extends Widget implements IRenderMime.IRenderer {
  private view: FigureView | null = null;
  private liveId = "";
  private linking = new AbortController();

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly options: IRenderMime.IRendererOptions,
  ) {
    super();
    this.addClass("pw-output");
  }

  /** Draws an output; called again, it goes on with a newer one in place. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data = model.data[this.options.mimeType];
    const id = (data as { live_id?: unknown } | undefined)?.live_id;
    try {
      const header = readFigureBundle(data);
      if (this.view) this.view.update(header);
      else this.open(header);
    } catch (error) {
      this.fail(sentence(error));
      return;
    }
    this.relink(model.trusted && typeof id === "string" ? id : "");
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.linking.abort();
    this.view?.destroy();
    super.dispose();
  }

  private open(header: ReturnType<typeof readFigureBundle>): void {
    this.node.replaceChildren();
    this.view = new FigureView(this.node, header);
  }

  private fail(message: string): void {
    this.linking.abort();
    this.liveId = "";
    this.view?.destroy();
    this.view = null;
    this.node.textContent = message;
  }

  private relink(id: string): void {
    if (id === this.liveId || !this.view) return;
    this.linking.abort();
    this.liveId = id;
    if (!id) return;
    this.linking = new AbortController();
    const { view } = this;
    follow(
      id,
      this.app,
      this.options.resolver,
      (model, until) => bindPane(view, model as unknown as PaneModel, until),
      this.linking.signal,
    );
  }
}
