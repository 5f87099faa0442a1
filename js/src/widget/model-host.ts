import { asBytes, PayloadError } from "../core/arrays";
import { type Choices, type Host, stored } from "../core/host";
import { type AnyPayload, readPayload } from "../core/payload";
import { preferences } from "../core/preferences";
import type { View } from "../views/view";
import type { LiveModel, Traits } from "./live";

/** Returns what a model holds, or throws a `PayloadError`. */
export function payloadOf(model: LiveModel): AnyPayload {
  return readPayload(model.get("header"), asBytes(model.get("block")));
}

/** Ties a view to a model until `signal` aborts: both ways, and commands up. */
export function bind(view: View, model: LiveModel, signal: AbortSignal): void {
  refresh(view, model);
  const names = Object.keys(view.state) as (keyof Choices)[];
  view.choose(chosenIn(model, names));
  view.connect(hostOf(model));
  const follow = (name: keyof Traits & string, callback: () => void) => {
    model.on(`change:${name}`, callback);
    signal.addEventListener("abort", () => model.off(`change:${name}`, callback), { once: true });
  };
  const changed = once(() => {
    if (!signal.aborted) refresh(view, model);
  });
  follow("header", changed);
  follow("block", changed);
  for (const name of names) {
    follow(name, () => view.choose({ [name]: model.get(name) }));
  }
  signal.addEventListener("abort", () => view.connect(stored), { once: true });
}

/** Draws what a model holds; what cannot be drawn leaves the last picture standing. */
function refresh(view: View, model: LiveModel): void {
  try {
    view.update(payloadOf(model));
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
  }
}

function hostOf(model: LiveModel): Host {
  return {
    live: true,
    get preferences() {
      return preferences();
    },
    setState(change) {
      for (const [name, value] of Object.entries(change)) model.set(name as keyof Traits, value);
      model.save_changes();
    },
    command(command) {
      model.send(command);
    },
  };
}

/** Returns what a model has chosen; what it has not is left as it is. */
function chosenIn(model: LiveModel, names: (keyof Choices)[]): Partial<Choices> {
  const chosen = names.filter(
    (name) =>
      (name !== "trail" && name !== "selection" && name !== "metric") || model.get(name).length,
  );
  return Object.fromEntries(chosen.map((name) => [name, model.get(name)]));
}

/** Header and block change in one message but are announced one by one. */
function once(work: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    queueMicrotask(() => {
      waiting = false;
      work();
    });
  };
}
