import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin,
} from "@jupyterlab/application";
import { WidgetTracker } from "@jupyterlab/apputils";
import { ABCWidgetFactory, type DocumentRegistry, DocumentWidget } from "@jupyterlab/docregistry";
import { Widget } from "@lumino/widgets";
import { h } from "../core/dom";
import { type Host, stored } from "../core/host";
import { type AnyPayload, sentence } from "../core/payload";
import { preferences } from "../core/preferences";
import { readStudy, type StudyFile } from "../core/study";
import { draws, openView, type View } from "../views/view";
import { icon } from "./icon";
import { prefer } from "./preferences";
import { codeOf, enlist } from "./shown";

const FILE_TYPE = "patchwidgets-study";
const FACTORY = "Patching study";

const host: Host = {
  ...stored,
  get preferences() {
    return preferences();
  },
};

/** A study file: everything that was measured, drawn without a kernel. */
export class StudyDocument extends Widget {
  private readonly place = h("article", { class: "pw-study" });
  private readonly listening = new AbortController();
  /** The maps first, then comparisons and circuits. */
  private views: View[] = [];
  private study: StudyFile | null = null;

  constructor(private readonly context: DocumentRegistry.Context) {
    super();
    this.addClass("pw-output");
    this.addClass("pw-document");
    this.node.append(this.place);
    enlist(this, this.listening.signal);
    void context.ready.then(() => {
      if (this.isDisposed) return;
      this.draw();
      context.model.contentChanged.connect(this.draw, this);
    });
  }

  /** Python that makes the study again, or what is shown of it. */
  get code(): string {
    return codeOf(this.views[0] ?? null, this.study);
  }

  override dispose(): void {
    if (this.isDisposed) return;
    this.listening.abort();
    this.clear();
    super.dispose();
  }

  private draw(): void {
    try {
      const study = readStudy(this.context.model.toString());
      this.study = study;
      const payloads = [study.payload, ...study.below];
      if (this.drawn(payloads)) {
        this.views.forEach((view, at) => {
          view.update(payloads[at] as AnyPayload);
        });
        return;
      }
      this.clear();
      for (const payload of payloads) {
        const view = openView(this.place, payload, host);
        this.views.push(view);
        prefer(view, payload);
      }
    } catch (error) {
      this.clear();
      this.study = null;
      this.place.replaceChildren(h("p", { class: "pw-refusal", role: "alert" }, sentence(error)));
    }
  }

  /** Whether the views that are here can draw these. */
  private drawn(payloads: AnyPayload[]): boolean {
    const { views } = this;
    const fits = (payload: AnyPayload, at: number) => draws(views[at] as View, payload);
    return views.length === payloads.length && payloads.every(fits);
  }

  private clear(): void {
    for (const view of this.views) view.destroy();
    this.views = [];
    this.place.replaceChildren();
  }
}

class StudyFactory extends ABCWidgetFactory<DocumentWidget<StudyDocument>> {
  protected createNewWidget(context: DocumentRegistry.Context): DocumentWidget<StudyDocument> {
    const document = new DocumentWidget({ content: new StudyDocument(context), context });
    document.title.icon = icon;
    return document;
  }
}

/** Opens `*.study.json` by a double-click, and again after a reload. */
export const studyDocument: JupyterFrontEndPlugin<void> = {
  id: "patchwidgets:study-document",
  description: "Opens study files, without a kernel.",
  autoStart: true,
  optional: [ILayoutRestorer],
  activate(app: JupyterFrontEnd, restorer: ILayoutRestorer | null) {
    app.docRegistry.addFileType({
      name: FILE_TYPE,
      displayName: "Patching study",
      extensions: [".study.json"],
      icon,
      mimeTypes: ["application/json"],
      contentType: "file",
      fileFormat: "text",
    });
    const factory = new StudyFactory({
      name: FACTORY,
      fileTypes: [FILE_TYPE],
      defaultFor: [FILE_TYPE],
      readOnly: true,
    });
    const tracker = new WidgetTracker<DocumentWidget<StudyDocument>>({ namespace: FILE_TYPE });
    factory.widgetCreated.connect((_, widget) => {
      widget.context.pathChanged.connect(() => void tracker.save(widget));
      void tracker.add(widget);
    });
    app.docRegistry.addWidgetFactory(factory);
    void restorer?.restore(tracker, {
      command: "docmanager:open",
      args: ({ context }) => ({ path: context.path, factory: FACTORY }),
      name: ({ context }) => context.path,
    });
  },
};
