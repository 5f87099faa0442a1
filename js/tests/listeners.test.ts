import { afterEach, expect, it, vi } from "vitest";
import { readBundle } from "../src/core/payload";
import { openView, type View } from "../src/views/view";
import { FakeHost, press, stored } from "./helpers";

afterEach(() => vi.restoreAllMocks());

function drawn(fixture: string): View {
  document.body.replaceChildren();
  return openView(document.body, readBundle(stored(fixture)), new FakeHost());
}

it.each([
  "synthetic_explorer",
  "synthetic_comparison",
  "synthetic_array",
  "synthetic_attention",
  "synthetic_effects",
  "synthetic_prompts",
  "synthetic_circuit",
  "synthetic_question",
])("%s leaves no listener and no element behind", (fixture) => {
  const listening = watchListeners();
  const observed = [MutationObserver, ResizeObserver].map((observer) => ({
    begun: vi.spyOn(observer.prototype, "observe"),
    ended: vi.spyOn(observer.prototype, "disconnect"),
  }));

  const view = drawn(fixture);
  if ("matrix" in view.state) view.choose({ matrix: true });
  const at = document.querySelector('[role="grid"], [role="listbox"], [data-node], button');
  press(at as Element, "ArrowDown");
  press(at as Element, "v");
  expect(listening().length).toBeGreaterThan(/prompts|question/.test(fixture) ? 0 : 4);
  view.destroy();

  expect(listening()).toEqual([]);
  for (const { begun, ended } of observed) {
    expect(begun).toHaveBeenCalled();
    expect(ended).toHaveBeenCalled();
  }
  expect(document.body.children.length).toBe(0);
});

/** Returns a function that lists every listener added from now on and not removed. */
function watchListeners(): () => string[] {
  const target = ownerOf(document.body, "addEventListener") as EventTarget;
  const { addEventListener, removeEventListener } = target;
  const added = new Map<unknown, { on: string; signal?: AbortSignal }>();
  vi.spyOn(target, "addEventListener").mockImplementation(function (
    this: EventTarget,
    type,
    listener,
    options,
  ) {
    const signal = typeof options === "object" ? options.signal : undefined;
    if (!(this instanceof AbortSignal)) {
      added.set(listener, { on: `${this.constructor.name} ${type}`, signal });
    }
    addEventListener.call(this, type, listener, options);
  });
  vi.spyOn(target, "removeEventListener").mockImplementation(function (
    this: EventTarget,
    type,
    listener,
    options,
  ) {
    added.delete(listener);
    removeEventListener.call(this, type, listener, options);
  });
  return () => [...added.values()].filter(({ signal }) => !signal?.aborted).map(({ on }) => on);
}

/** Returns the prototype that has a method of its own; happy-dom's is not the global one. */
function ownerOf(object: object, method: string): object {
  return Object.hasOwn(object, method) ? object : ownerOf(Object.getPrototypeOf(object), method);
}
