import { asBytes, PayloadError } from "../core/arrays";
import { type Host, stored } from "../core/host";
import { type Payload, readPayload } from "../core/payload";
import type { ExplorerState } from "../generated/views";
import type { ExplorerView } from "../views/explorer";
import type { LiveModel, Traits } from "./live";

/** Returns what a model holds, or throws a `PayloadError`. */
export function payloadOf(model: LiveModel): Payload {
  return readPayload(model.get("header"), asBytes(model.get("block")));
}

/** Ties a view to a model until `signal` aborts: both ways, and commands up. */
export function bind(view: ExplorerView, model: LiveModel, signal: AbortSignal): void {
  refresh(view, model);
  view.choose(chosenIn(model));
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
  for (const name of ["selection", "trail", "metric", "prompt", "estimates"] as const) {
    follow(name, () => view.choose({ [name]: model.get(name) }));
  }
  signal.addEventListener("abort", () => view.connect(stored), { once: true });
}

/** Draws what a model holds; what cannot be drawn leaves the last picture standing. */
function refresh(view: ExplorerView, model: LiveModel): void {
  try {
    view.update(payloadOf(model));
  } catch (error) {
    if (!(error instanceof PayloadError)) throw error;
  }
}

function hostOf(model: LiveModel): Host {
  return {
    live: true,
    setState(change) {
      for (const [name, value] of Object.entries(change)) model.set(name as keyof Traits, value);
      model.save_changes();
    },
    command(command) {
      model.send(command);
    },
  };
}

function chosenIn(model: LiveModel): Partial<ExplorerState> {
  const chosen: Partial<ExplorerState> = {
    metric: model.get("metric"),
    prompt: model.get("prompt"),
    estimates: model.get("estimates"),
  };
  if (model.get("trail").length) chosen.trail = model.get("trail");
  if (model.get("selection")) chosen.selection = model.get("selection");
  return chosen;
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
