import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IRenderMime } from "@jupyterlab/rendermime";
import { Widget } from "@lumino/widgets";
import { type Host, stored } from "../core/host";
import { type AnyPayload, readBundle, sentence } from "../core/payload";
import { preferences } from "../core/preferences";
import { draws, openView, type View } from "../views/view";
import { live } from "../widget/live";
import { link } from "./link";
import { prefer } from "./preferences";
import { codeOf, enlist } from "./shown";

const host: Host = {
  ...stored,
  get preferences() {
    return preferences();
  },
};

/** One output: drawn from its payload at once, and tied to its kernel's widget if there is one. */
export class RenderedView extends Widget implements IRenderMime.IRenderer {
  private view: View | null = null;
  private output: IRenderMime.IMimeModel | null = null;
  private liveId = "";
  private linking = new AbortController();
  private readonly listening = new AbortController();

  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly options: IRenderMime.IRendererOptions,
  ) {
    super();
    this.addClass("pw-output");
    this.node.addEventListener("keydown", passOn);
    enlist(this, this.listening.signal);
  }

  /** Python that makes again what is shown. */
  get code(): string {
    const data = this.output?.data[this.options.mimeType];
    return codeOf(this.view, (data as { header?: unknown } | undefined)?.header);
  }

  /** Draws a payload; called again, it goes on with a newer one in place. */
  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    this.output = model;
    const data = model.data[this.options.mimeType];
    const id = (data as { live_id?: unknown } | undefined)?.live_id;
    const liveId = model.trusted && typeof id === "string" ? id : "";
    // What a tied view shows is never older than what is stored.
    if (this.view && liveId && liveId === this.liveId && live().models.has(liveId)) return;
    try {
      this.draw(readBundle(data));
    } catch (error) {
      this.fail(sentence(error));
      return;
    }
    this.relink(liveId);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.linking.abort();
    this.listening.abort();
    this.view?.destroy();
    super.dispose();
  }

  private draw(payload: AnyPayload): void {
    if (this.view && draws(this.view, payload)) {
      this.view.update(payload);
      return;
    }
    this.clear();
    this.node.replaceChildren();
    this.view = openView(this.node, payload, host);
    prefer(this.view, payload);
  }

  private fail(message: string): void {
    this.clear();
    this.node.textContent = message;
  }

  private clear(): void {
    this.linking.abort();
    this.liveId = "";
    this.view?.destroy();
    this.view = null;
  }

  private relink(id: string): void {
    if (id === this.liveId) return;
    this.linking.abort();
    this.liveId = id;
    if (!id || !this.view) return;
    this.linking = new AbortController();
    const output = () => this.output as IRenderMime.IMimeModel;
    link(this.view, output, id, this.app, this.options.resolver, this.linking.signal);
  }
}

/**
 * Gives JupyterLab the shortcuts that no view uses, such as saving and running the cell: it looks
 * for none where the focus is, so that single keys do not cut cells.
 */
function passOn(event: KeyboardEvent): void {
  const shortcut = event.ctrlKey || event.metaKey || (event.shiftKey && event.key === "Enter");
  const around = (event.currentTarget as HTMLElement).parentElement;
  if (!shortcut || event.defaultPrevented || !around) return;
  if (!around.dispatchEvent(new KeyboardEvent(event.type, event))) event.preventDefault();
}
