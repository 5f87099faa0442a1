import { beforeEach, expect, it, vi } from "vitest";
import { fromBase64 } from "../src/core/arrays";
import { stored as noKernel } from "../src/core/host";
import { readBundle } from "../src/core/payload";
import { openView } from "../src/views/view";
import { type LiveModel, list, live, unlist } from "../src/widget/live";
import { bind } from "../src/widget/model-host";
import stub from "../src/widget/stub";
import { click, grids, mount, payload, press, stored, textOf } from "./helpers";

/** An anywidget model without a kernel. */
class FakeModel {
  readonly sent: unknown[] = [];
  saved = 0;
  readonly listeners = new Map<string, Set<() => void>>();
  readonly values: Record<string, unknown> = {
    selection: "",
    trail: [],
    metric: "",
    prompt: 0,
    estimates: true,
    pw_id: "abc",
  };
  constructor(name = "synthetic_explorer") {
    this.hold(name);
  }
  hold(name: string): void {
    const { header, block } = stored(name);
    this.values.header = header;
    this.values.block = new DataView(fromBase64(block).buffer as ArrayBuffer);
  }
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
  fire(event: string): void {
    for (const callback of this.listeners.get(event) ?? []) callback();
  }
  get live(): LiveModel {
    return this as unknown as LiveModel;
  }
}

let model: FakeModel;
let binding: AbortController;

beforeEach(() => {
  model = new FakeModel();
  binding = new AbortController();
  live().models.clear();
});

it("carries choices and commands up", () => {
  const view = mount(noKernel);
  bind(view, model.live, binding.signal);
  click(view, ".pw-peak", "L23H3");
  press(grids(view)[0] as Element, "q");
  expect(model.values.selection).toBe("L23H3");
  expect(model.saved).toBeGreaterThan(0);
  expect(model.sent).toMatchObject([{ command: "drill", receiver: "L23H3.q" }]);
});

it("carries choices and new maps down, and lets go when the kernel does", async () => {
  const view = mount(noKernel);
  bind(view, model.live, binding.signal);
  model.values.trail = ["heads", "L20H0.v"];
  model.fire("change:trail");
  expect(view.state.trail).toEqual(["heads", "L20H0.v"]);

  model.hold("synthetic_running");
  model.fire("change:header");
  model.fire("change:block");
  await Promise.resolve();
  expect(textOf(view, ".pw-progress-text")).toContain("113 of 270");

  binding.abort();
  expect([...model.listeners.values()].every((listeners) => listeners.size === 0)).toBe(true);
  expect(textOf(view, ".pw-progress-text")).toBe("saved while measuring: 113 of 270");
});

it("keeps the last picture where a new one cannot be drawn", async () => {
  const view = mount(noKernel);
  bind(view, model.live, binding.signal);
  model.values.block = new DataView(new ArrayBuffer(8));
  model.fire("change:block");
  await Promise.resolve();
  expect(textOf(view, ".pw-peak")).toContain("L20H0");
});

it("starts from what the model holds", () => {
  const view = mount(noKernel, payload("synthetic_running"));
  Object.assign(model.values, {
    trail: ["heads", "L20H0.v"],
    selection: "L17H4",
    metric: "prob",
    estimates: false,
  });
  bind(view, model.live, binding.signal);
  expect(view.state).toEqual({
    trail: ["heads", "L20H0.v"],
    selection: "L17H4",
    metric: "prob",
    prompt: 0,
    alone: false,
    estimates: false,
    form: "",
    pins: [],
  });
});

it("ties a comparison by the traits that it has", () => {
  model.hold("synthetic_comparison");
  Object.assign(model.values, { rule: "mad", scale: "each", selection: "L29H0" });
  document.body.replaceChildren();
  const view = openView(document.body, readBundle(stored("synthetic_comparing")), noKernel);
  bind(view, model.live, binding.signal);
  expect(view.state).toEqual({ rule: "mad", scale: "each", selection: "L29H0" });
  model.values.selection = "L17H4";
  model.fire("change:selection");
  expect(view.state.selection).toBe("L17H4");
  expect([...model.listeners.keys()].sort()).toEqual(
    ["block", "header", "rule", "scale", "selection"].map((name) => `change:${name}`),
  );
  binding.abort();
});

it("is listed while its kernel answers", async () => {
  const changed = vi.fn();
  live().addEventListener("change", changed, { signal: binding.signal });
  const managed = {
    comm_live: true,
    on: (_: string, callback: () => void) => model.on("x", callback),
  };
  Object.assign(model, { widget_manager: { get_model: async () => managed } });
  const props = { model: model.live, signal: binding.signal } as Parameters<
    typeof stub.initialize
  >[0];
  stub.initialize(props);
  await Promise.resolve();
  await Promise.resolve();
  expect(live().models.get("abc")).toBe(model);
  managed.comm_live = false;
  model.fire("x");
  expect(live().models.size).toBe(0);
  expect(changed).toHaveBeenCalledTimes(2);
});

it("is listed at once where the host has no manager, until it is destroyed", () => {
  const props = { model: model.live, signal: binding.signal } as Parameters<
    typeof stub.initialize
  >[0];
  stub.initialize(props);
  expect(live().models.get("abc")).toBe(model);
  binding.abort();
  expect(live().models.size).toBe(0);
  unlist("abc", live().models.get("abc") as LiveModel);
});

it("goes on with the model of another notebook on the same kernel", () => {
  const [one, other] = [new FakeModel(), new FakeModel()] as unknown as LiveModel[];
  list("shared", one as LiveModel);
  list("shared", other as LiveModel);
  expect(live().models.get("shared")).toBe(other);
  unlist("shared", other as LiveModel);
  expect(live().models.get("shared")).toBe(one);
  unlist("shared", one as LiveModel);
  expect(live().models.has("shared")).toBe(false);
});
