import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IRenderMime } from "@jupyterlab/rendermime";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Bokeh, BokehModel, FigureItem } from "../src/core/bokeh";
import { loadBokeh } from "../src/core/bokeh";
import { FIGURE_MIME_TYPE, type Figure } from "../src/generated/views";
import { RenderedFigure } from "../src/lab/figure-renderer";
import { FigureView } from "../src/views/figure";
import { bindPane, type PaneModel } from "../src/widget/bokeh-pane";
import { type LiveModel, list, live, unlist } from "../src/widget/live";

const NODES = ["L0H0", "L1H0", "L1H0"];
const ITEM: FigureItem = { doc: {}, root_id: "1", version: "9.9.9" };
const HEADER: Figure = { title: "Title", text: "one\ntwo", picture: "<svg/>" };

/** A source of dots that tells of a selection as Bokeh does. */
class Source implements BokehModel {
  readonly type = "ColumnDataSource";
  readonly tags = [];
  readonly listeners = new Set<() => void>();
  private chosen: number[] = [];
  readonly selected = this.selection();
  setv = vi.fn();
  get_column(name: string): string[] | null {
    if (name === "node") return NODES;
    return name === "says" ? ["a\nb", "c", "d"] : null;
  }
  private selection() {
    const source = this;
    return {
      get indices() {
        return source.chosen;
      },
      set indices(indices: number[]) {
        source.chosen = indices;
        for (const listener of source.listeners) listener();
      },
      properties: {
        indices: {
          change: {
            connect: (callback: () => void) => void source.listeners.add(callback),
            disconnect: (callback: () => void) => void source.listeners.delete(callback),
          },
        },
      },
    };
  }
}

function model(type: string, ...tags: string[]): BokehModel {
  return { type, tags, setv: vi.fn() };
}

/** BokehJS as far as a view calls it: it has drawn one figure. */
function bokehOf(...models: BokehModel[]): Bokeh & { clear: ReturnType<typeof vi.fn> } {
  const clear = vi.fn();
  const views = { roots: [{ model: { document: { all_models: models } } }], clear };
  return { clear, embed: { embed_item: async () => views } };
}

/** An anywidget model without a kernel. */
class FakeModel {
  readonly sent: unknown[] = [];
  saved = 0;
  readonly listeners = new Map<string, Set<(...given: unknown[]) => void>>();
  readonly values: Record<string, unknown> = { header: HEADER, figure: ITEM, selection: "" };
  get = (name: string) => this.values[name];
  set = (name: string, value: unknown) => {
    this.values[name] = value;
  };
  save_changes = () => {
    this.saved++;
  };
  send = (content: unknown) => this.sent.push(content);
  on = (event: string, callback: () => void) => {
    this.listeners.set(event, (this.listeners.get(event) ?? new Set()).add(callback));
  };
  off = (event: string, callback: () => void) => this.listeners.get(event)?.delete(callback);
  fire(event: string, ...given: unknown[]): void {
    for (const callback of [...(this.listeners.get(event) ?? [])]) callback(...given);
  }
  get pane(): PaneModel {
    return this as unknown as PaneModel;
  }
  get count(): number {
    return [...this.listeners.values()].reduce((sum, one) => sum + one.size, 0);
  }
}

const page = globalThis as { Bokeh?: unknown };
let source: Source;
let told: string[];
let view: FigureView;

beforeEach(() => {
  document.body.replaceChildren();
  live().models.clear();
  source = new Source();
  told = [];
  view = new FigureView(document.body, HEADER, (selection) => told.push(selection));
});

afterEach(() => {
  delete page.Bokeh;
});

const find = (selector: string) => view.element.querySelector(selector) as HTMLElement;
const picker = () => find("select") as HTMLSelectElement;
const said = () => find(".pw-figure-says").textContent;
const settle = () => new Promise((resolve) => setTimeout(resolve, 0));

it("shows the still picture, as an image and in words, until the figure is drawn", async () => {
  const still = find(".pw-figure-still") as HTMLImageElement;
  expect(still.src).toBe(`data:image/svg+xml,${encodeURIComponent("<svg/>")}`);
  expect(still.alt).toBe("Title\none\ntwo");
  expect(find(".pw-figure-note").textContent).toContain("A still picture");
  expect(find(".pw-figure-foot").hidden).toBe(true);

  await view.draw(bokehOf(source), ITEM);
  expect(still.hidden).toBe(true);
  expect(find(".pw-figure-note").textContent).toBe("");
  expect(find(".pw-figure-foot").hidden).toBe(false);
});

it("tells which node is clicked, and marks all its dots", async () => {
  await view.draw(bokehOf(source), ITEM);
  source.selected.indices = [2];
  expect(told).toEqual(["L1H0"]);
  expect(source.selected.indices).toEqual([1, 2]);
  expect(said()).toBe("L1H0: d");
  source.selected.indices = [];
  expect(told).toEqual(["L1H0", ""]);
  expect(said()).toBe("one · two");
});

it("takes the dot on top where several are hit", async () => {
  await view.draw(bokehOf(source), ITEM);
  source.selected.indices = [0, 1];
  expect(told).toEqual(["L1H0"]);
});

it("marks a node chosen elsewhere without telling it back, also before it is drawn", async () => {
  view.choose("L0H0");
  await view.draw(bokehOf(source), ITEM);
  expect(source.selected.indices).toEqual([0]);
  expect(said()).toBe("L0H0: a · b");
  view.choose("L9H9");
  expect(source.selected.indices).toEqual([]);
  expect(picker().value).toBe("");
  expect(told).toEqual([]);
});

it("lists every node once for those who point at no dot", async () => {
  await view.draw(bokehOf(source), ITEM);
  expect([...picker().options].map(({ value }) => value)).toEqual(["", "L1H0", "L0H0"]);
  picker().value = "L0H0";
  picker().dispatchEvent(new Event("change"));
  expect(told).toEqual(["L0H0"]);
  expect(source.selected.indices).toEqual([0]);
});

it("paints what has the colours of the page, and no dots", async () => {
  const parts = ["Title", "LinearAxis", "Grid", "Legend"].map((type) => model(type));
  parts.push(...["pw-ink", "pw-label", "pw-tip"].map((tag) => model("X", tag)));
  const dots = model("Scatter");
  await view.draw(bokehOf(source, dots, ...parts), ITEM);
  for (const part of parts) expect(part.setv).toHaveBeenCalled();
  expect(dots.setv).not.toHaveBeenCalled();
});

it("leaves nothing behind", async () => {
  const bokeh = bokehOf(source);
  await view.draw(bokeh, ITEM);
  expect(source.listeners.size).toBe(1);
  view.destroy();
  expect(source.listeners.size).toBe(0);
  expect(bokeh.clear).toHaveBeenCalled();
  expect(document.body.children.length).toBe(0);
});

it("draws nothing in a view that was closed meanwhile", async () => {
  const bokeh = bokehOf(source);
  const drawing = view.draw(bokeh, ITEM);
  view.destroy();
  await drawing;
  expect(bokeh.clear).toHaveBeenCalled();
});

it("binds both ways, with the BokehJS that the page has, until the kernel goes", async () => {
  page.Bokeh = { "9.9.9": bokehOf(source) };
  const kernel = new FakeModel();
  const binding = new AbortController();
  bindPane(view, kernel.pane, binding.signal);
  await settle();
  expect(kernel.sent).toEqual([]);
  source.selected.indices = [0];
  expect(kernel.values.selection).toBe("L0H0");
  expect(kernel.saved).toBe(1);
  kernel.values.selection = "L1H0";
  kernel.fire("change:selection");
  expect(source.selected.indices).toEqual([1, 2]);
  expect(kernel.saved).toBe(1);

  binding.abort();
  expect(kernel.count).toBe(0);
  source.selected.indices = [0];
  expect(kernel.saved).toBe(1);
});

it("asks for the code where the page has none, and stops waiting when the kernel goes", async () => {
  const kernel = new FakeModel();
  const binding = new AbortController();
  bindPane(view, kernel.pane, binding.signal);
  await settle();
  expect(kernel.sent).toEqual([{ command: "bokehjs" }]);
  binding.abort();
  await settle();
  expect(kernel.count).toBe(0);
  expect(find(".pw-figure-still").hidden).toBe(false);
});

it("fetches once for two that want it, and lets the second ask where the first gave up", async () => {
  let fail = (_: Error) => {};
  const first = loadBokeh("9.9.9", () => new Promise((_, reject) => (fail = reject)));
  const asked = vi.fn(() => Promise.reject(new Error("second")));
  const second = loadBokeh("9.9.9", asked);
  await settle();
  expect(asked).not.toHaveBeenCalled();
  fail(new Error("first"));
  await expect(first).rejects.toThrow("first");
  await expect(second).rejects.toThrow("second");
});

it("draws a stored picture in JupyterLab and follows a live model that comes and goes", async () => {
  page.Bokeh = { "9.9.9": bokehOf(source) };
  const app = { shell: { widgets: () => [].values() } } as unknown as JupyterFrontEnd;
  const options = { mimeType: FIGURE_MIME_TYPE } as unknown as IRenderMime.IRendererOptions;
  const renderer = new RenderedFigure(app, options);
  const output = (data: unknown, trusted = true) =>
    ({ data: { [FIGURE_MIME_TYPE]: data }, trusted }) as unknown as IRenderMime.IMimeModel;
  const stored = { schema_version: 1, header: HEADER, live_id: "abc" };

  await renderer.renderModel(output(stored, false));
  const kernel = new FakeModel();
  list("abc", kernel as unknown as LiveModel);
  await settle();
  expect(kernel.count).toBe(0);

  await renderer.renderModel(output(stored));
  await settle();
  expect(renderer.node.querySelector("select")?.options.length).toBe(3);
  unlist("abc", live().models.get("abc") as LiveModel);
  expect(kernel.count).toBe(0);

  await renderer.renderModel(output({ ...stored, schema_version: 99 }));
  expect(renderer.node.textContent).toContain("newer patchwidgets");
  await renderer.renderModel(output({ ...stored, header: { title: 3 } }));
  expect(renderer.node.textContent).toContain("damaged");
  renderer.dispose();
});
