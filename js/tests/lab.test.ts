import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IRenderMime } from "@jupyterlab/rendermime";
import { Signal } from "@lumino/signaling";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { adoptPreferences, DEFAULTS } from "../src/core/preferences";
import { MIME_TYPE } from "../src/generated/views";
import { RenderedView } from "../src/lab/renderer";
import { type LiveModel, list, live } from "../src/widget/live";
import { stored } from "./helpers";

const resolver = {};

/** A session as the renderer sees it: two signals. */
class FakeSession {
  session?: { kernel: unknown };
  readonly statusChanged = new Signal<this, string>(this);
  readonly kernelChanged = new Signal<this, { oldValue: unknown }>(this);
}

let session: FakeSession;
let renderer: RenderedView;

beforeEach(() => {
  live().models.clear();
  live().all.clear();
  session = new FakeSession();
  const panel = { content: { rendermime: { resolver } }, sessionContext: session };
  const app = { shell: { widgets: () => [panel].values() } } as unknown as JupyterFrontEnd;
  const options = { mimeType: MIME_TYPE, resolver } as unknown as IRenderMime.IRendererOptions;
  renderer = new RenderedView(app, options);
});

function output(data: unknown, trusted = true): IRenderMime.IMimeModel {
  return { data: { [MIME_TYPE]: data }, trusted } as unknown as IRenderMime.IMimeModel;
}

function liveOutput(trusted = true): IRenderMime.IMimeModel {
  return output({ ...stored(), live_id: "abc" }, trusted);
}

function startModel(fixture = "synthetic_running", manager?: { kernel: unknown }) {
  const { header, block } = stored(fixture);
  const bytes = Uint8Array.from(atob(block), (letter) => letter.charCodeAt(0));
  const values: Record<string, unknown> = {
    header,
    block: new DataView(bytes.buffer),
    selection: "",
    trail: [],
    metric: "",
    prompt: 0,
  };
  const callbacks: Record<string, ((message?: unknown) => void)[]> = {};
  const model = {
    widget_manager: manager,
    get: (name: string) => values[name],
    on(name: string, callback: () => void) {
      callbacks[name] = [...(callbacks[name] ?? []), callback];
    },
    off() {},
    set: vi.fn(),
    send: vi.fn(),
  };
  list("abc", model as unknown as LiveModel);
  const fire = (name: string, message?: unknown) => {
    for (const callback of callbacks[name] ?? []) callback(message);
  };
  return { model, fire, values };
}

const progress = () => renderer.node.querySelector(".pw-progress-text")?.textContent;

it("draws a newer payload in place", async () => {
  await renderer.renderModel(output(stored("synthetic_running")));
  const grid = renderer.node.querySelector('[role="grid"]');
  await renderer.renderModel(output(stored()));
  expect(renderer.node.querySelector('[role="grid"]')).toBe(grid);
  expect(progress()).toBe("");
});

it("shows a sentence for what it cannot draw, and goes on with what it can", async () => {
  await renderer.renderModel(output({ ...stored(), schema_version: 99 }));
  expect(renderer.node.textContent).toContain("newer patchwidgets");
  await renderer.renderModel(output("nonsense"));
  expect(renderer.node.textContent).toContain("damaged");
  await renderer.renderModel(output(stored()));
  expect(renderer.node.querySelector(".pw-explorer")).not.toBeNull();
});

it("draws a comparison, also where an explorer was", async () => {
  await renderer.renderModel(output(stored("synthetic_comparison")));
  expect(renderer.node.querySelectorAll(".pw-comparison .pw-grid").length).toBe(6);
  await renderer.renderModel(output(stored()));
  expect(renderer.node.querySelector(".pw-comparison")).toBeNull();
  await renderer.renderModel(output(stored("synthetic_comparing")));
  expect(renderer.node.querySelectorAll(".pw-explorer").length).toBe(1);
  expect(progress()).toBe("saved while measuring: 383 of 540");
});

it("links to a model that comes later, and lets go when the kernel ends", async () => {
  await renderer.renderModel(liveOutput());
  expect(progress()).toBe("");
  startModel();
  expect(progress()).toBe("measuring 113 of 270 · 4 s left");
  session.kernelChanged.emit({ oldValue: {} });
  expect(progress()).toBe("saved while measuring: 113 of 270");
  startModel();
  expect(progress()).toBe("measuring 113 of 270 · 4 s left");
  session.statusChanged.emit("busy");
  expect(progress()).toContain("measuring 113");
  session.statusChanged.emit("restarting");
  expect(progress()).toContain("saved while");
});

it("is not set back by a stored payload while it is live", async () => {
  await renderer.renderModel(liveOutput());
  startModel();
  await renderer.renderModel(liveOutput());
  expect(progress()).toContain("measuring 113");
});

it("never links an output that is not trusted", async () => {
  startModel();
  await renderer.renderModel(liveOutput(false));
  expect(progress()).toBe("");
});

it("leaves nothing behind when it is disposed", async () => {
  await renderer.renderModel(liveOutput());
  startModel();
  renderer.dispose();
  startModel();
  session.statusChanged.emit("dead");
  expect(renderer.node.querySelector(".pw-explorer")).toBeNull();
  expect(live().models.size).toBe(1);
});

it("asks for what it shows when the stored output has less, and stores the answer", async () => {
  vi.useFakeTimers();
  const output = liveOutput();
  const before = output.data[MIME_TYPE] as { header: { maps: { key: string }[] } };
  const setData = vi.fn();
  await renderer.renderModel(Object.assign(output, { setData }));
  const { model, fire } = startModel("synthetic_explorer");
  vi.runAllTimers();
  expect(model.send).not.toHaveBeenCalled();

  before.header = { ...before.header, maps: before.header.maps.slice(0, 1) };
  fire("change:header");
  vi.runAllTimers();
  expect(model.send).toHaveBeenCalledWith({ command: "store" });

  const data = { [MIME_TYPE]: stored() };
  fire("msg:custom", { kind: "store", bundle: data });
  expect(setData).toHaveBeenCalledExactlyOnceWith({ data });
  vi.useRealTimers();
});

it("gives JupyterLab the shortcuts that are none of its own", async () => {
  const around = document.createElement("div");
  around.append(renderer.node);
  document.body.append(around);
  await renderer.renderModel(output(stored()));
  const grid = renderer.node.querySelector('[role="grid"]') as HTMLElement;
  const seen: string[] = [];
  around.addEventListener("keydown", (event) => {
    if (event.target === around) seen.push(event.key);
  });
  for (const [key, ctrlKey, shiftKey] of [
    ["x", false, false],
    ["s", true, false],
    ["Enter", false, true],
    ["Home", true, false],
  ] as const) {
    grid.dispatchEvent(
      new KeyboardEvent("keydown", { key, ctrlKey, shiftKey, bubbles: true, cancelable: true }),
    );
  }
  expect(seen).toEqual(["s", "Enter"]);
  around.remove();
});

it("talks to the model of its own notebook, whichever comes last", async () => {
  const kernel = {};
  const beside: { kernel: unknown } = { kernel: {} };
  session.session = { kernel };
  startModel("synthetic_explorer", beside);
  await renderer.renderModel(liveOutput());
  expect(progress()).toBe("");
  startModel("synthetic_running", { kernel });
  expect(progress()).toBe("measuring 113 of 270 · 4 s left");
  startModel("synthetic_explorer", { kernel: {} });
  expect(progress()).toBe("measuring 113 of 270 · 4 s left");
});

it("does not talk to a model whose notebook is closed", async () => {
  const closed: { kernel: unknown } = { kernel: null };
  const { model } = startModel("synthetic_running", closed);
  await renderer.renderModel(liveOutput());
  expect(model.send).not.toHaveBeenCalled();
  expect(progress()).toBe("");
});

it("leaves the model of another notebook alone when its own notebook leaves the kernel", async () => {
  const [ours, theirs] = [{}, {}];
  session.session = { kernel: ours };
  startModel("synthetic_running", { kernel: theirs });
  await renderer.renderModel(liveOutput());
  session.kernelChanged.emit({ oldValue: ours });
  expect(live().models.has("abc")).toBe(true);
  session.statusChanged.emit("dead");
  expect(live().models.has("abc")).toBe(false);
});

describe("the metric that a reader prefers", () => {
  const metric = () =>
    renderer.node.querySelector('.pw-metric[data-metric][aria-pressed="true"]')?.textContent;
  afterEach(() => adoptPreferences({ ...DEFAULTS }));

  it("is drawn, also once a kernel answers that has chosen none", async () => {
    adoptPreferences({ ...DEFAULTS, metric: "prob" });
    await renderer.renderModel(liveOutput());
    expect(metric()).toBe("probability");
    startModel("synthetic_explorer");
    expect(metric()).toBe("probability");
  });

  it("gives way to what was chosen in the kernel", async () => {
    adoptPreferences({ ...DEFAULTS, metric: "prob" });
    await renderer.renderModel(liveOutput());
    const { values, fire } = startModel("synthetic_explorer");
    values.metric = "logit_diff";
    fire("change:metric");
    expect(metric()).toBe("logit difference");
  });

  it("is left out where a map does not have it", async () => {
    adoptPreferences({ ...DEFAULTS, metric: "rank" });
    await renderer.renderModel(liveOutput());
    startModel("synthetic_explorer");
    expect(metric()).toBe("logit difference");
  });
});
