import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { Widget } from "@lumino/widgets";
import { button, fill, h } from "../core/dom";
import { live } from "../widget/live";
import { icon } from "./icon";
import { type Listed, listed } from "./listed";
import { currentNotebook, type Panel } from "./notebooks";

const SETTLED_MS = 150;
const MEASURING_MS = 1000;

/** Lists the studies of the notebook in front; a click goes to one. */
export class StudyPanel extends Widget {
  private readonly list = h("ul", { class: "pw-listed" });
  private readonly empty = h("p", { class: "pw-listed-none" });
  private readonly listening = new AbortController();
  private following = new AbortController();
  private notebook: Panel | null = null;
  private timer = 0;
  private shown = "";

  constructor(private readonly app: JupyterFrontEnd) {
    super();
    this.id = "patchwidgets-studies";
    this.title.icon = icon;
    this.title.caption = "Patching studies of this notebook";
    this.addClass("pw-panel");
    const heading = h("h2", { class: "pw-listed-heading" }, "Studies in this notebook");
    this.node.append(heading, this.list, this.empty);
    live().addEventListener("change", () => this.soon(), { signal: this.listening.signal });
    this.follow();
  }

  /** Looks which notebook is in front now. */
  follow(): void {
    const notebook = currentNotebook(this.app) ?? this.stillOpen();
    if (notebook !== this.notebook) {
      this.following.abort();
      this.following = new AbortController();
      this.notebook = notebook;
      if (notebook) this.watch(notebook, this.following.signal);
    }
    this.soon();
  }

  override dispose(): void {
    if (this.isDisposed) return;
    window.clearTimeout(this.timer);
    this.listening.abort();
    this.following.abort();
    super.dispose();
  }

  protected override onAfterShow(): void {
    this.soon();
  }

  /** Returns the notebook listed last, where it is only covered by this panel's own tab. */
  private stillOpen(): Panel | null {
    const { notebook } = this;
    return notebook && !notebook.isDisposed && !this.app.shell.currentWidget ? notebook : null;
  }

  private watch(notebook: Panel, signal: AbortSignal): void {
    const soon = () => this.soon();
    const { model } = notebook.content;
    model?.contentChanged.connect(soon);
    notebook.sessionContext?.statusChanged.connect(soon);
    void notebook.context?.ready.then(() => this.follow());
    signal.addEventListener(
      "abort",
      () => {
        model?.contentChanged.disconnect(soon);
        notebook.sessionContext?.statusChanged.disconnect(soon);
      },
      { once: true },
    );
  }

  private soon(wait = SETTLED_MS): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.render(), wait);
  }

  private render(): void {
    if (this.isDisposed || !this.isVisible) return;
    const { notebook } = this;
    const entries = notebook && !notebook.isDisposed ? listed(notebook) : [];
    const written = JSON.stringify([notebook?.id, entries]);
    if (entries.some(({ state }) => state === "measuring")) this.soon(MEASURING_MS);
    if (written === this.shown) return;
    this.shown = written;
    this.empty.hidden = entries.length > 0;
    this.empty.textContent = notebook
      ? "No output of this notebook shows a study yet. Run a cell that ends in a sweep, such as heads = study.sweep(“heads”) and heads."
      : "Open a notebook to see its studies.";
    fill(this.list, ...entries.map((entry) => this.item(entry)));
  }

  private item({ cell, title, about, state, says }: Listed): HTMLElement {
    const go = () => void this.goTo(cell);
    return h(
      "li",
      {},
      button(
        { class: "pw-listed-one", "data-state": state, title: says },
        go,
        h("span", { class: "pw-listed-title" }, title),
        h("span", { class: "pw-listed-about" }, about),
        h("span", { class: "pw-listed-state" }, state),
        h("span", { class: "pw-unseen" }, `cell ${cell + 1}: ${says}`),
      ),
    );
  }

  private async goTo(cell: number): Promise<void> {
    const { notebook, app } = this;
    if (!notebook || notebook.isDisposed) return;
    app.shell.activateById(notebook.id);
    notebook.content.activeCellIndex = cell;
    await notebook.content.scrollToItem?.(cell, "smart");
    const place = notebook.content.widgets?.[cell]?.node;
    place?.querySelector<HTMLElement>('.pw-output [role="grid"]')?.focus();
  }
}

/** Puts the list beside the notebook. */
export const studyPanel: JupyterFrontEndPlugin<void> = {
  id: "patchwidgets:study-panel",
  description: "Lists the studies of the open notebook, with their state.",
  autoStart: true,
  optional: [ILayoutRestorer],
  activate(app: JupyterFrontEnd, restorer: ILayoutRestorer | null) {
    const panel = new StudyPanel(app);
    app.shell.add(panel, "right", { rank: 900 });
    restorer?.add(panel, panel.id);
    // Of the notebook's shell, and of JupyterLab's, which other front ends may lack.
    const { currentChanged } = app.shell as { currentChanged?: typeof app.shell.currentChanged };
    currentChanged?.connect(() => panel.follow());
    void app.restored.then(() => panel.follow());
  },
};
