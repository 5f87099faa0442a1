import type { JupyterFrontEnd } from "@jupyterlab/application";
import { type LiveModel, live, unlist } from "../widget/live";
import { watchSession } from "./session";

/**
 * Calls `use` with the live model `id` whenever the page has one, until `signal` aborts; the signal
 * `use` is given aborts when that model goes or another takes its place.
 *
 * The model may come later than the output (a page that reloads), and may go (a kernel that ends).
 * Notebooks that share a kernel have a model each, and a closed notebook's still looks alive: an
 * output takes that of its own notebook.
 */
export function follow(
  id: string,
  app: JupyterFrontEnd,
  resolver: unknown,
  use: (model: LiveModel, signal: AbortSignal) => void,
  signal: AbortSignal,
): void {
  let tied: LiveModel | undefined;
  let binding = new AbortController();
  let kernel: () => unknown = () => undefined;
  const tie = () => {
    const model = nearest(id, kernel());
    if (model === tied) return;
    binding.abort();
    tied = model;
    if (!model) return;
    binding = new AbortController();
    use(model, binding.signal);
  };
  live().addEventListener("change", tie, { signal });
  signal.addEventListener("abort", () => binding.abort(), { once: true });
  watchSession(
    app,
    resolver,
    {
      found(session) {
        kernel = () => session.session?.kernel;
        tie();
      },
      // Neither is announced to the model, only to the session.
      ended: () => tied && unlist(id, tied),
      left(connection) {
        const own = [null, undefined, connection, kernel()];
        if (tied && own.includes(kernelOf(tied))) unlist(id, tied);
      },
    },
    signal,
  );
  tie();
}

/** Returns the model of `id` that speaks through `kernel`, or else the last that has one. */
function nearest(id: string, kernel: unknown): LiveModel | undefined {
  const alive = (live().all.get(id) ?? []).filter((model) => kernelOf(model) !== null);
  return alive.findLast((model) => kernel && kernelOf(model) === kernel) ?? alive.at(-1);
}

/** Returns the connection of JupyterLab's widget manager: null once its notebook is closed. */
function kernelOf(model: LiveModel): unknown {
  return (model.widget_manager as { kernel?: unknown } | undefined)?.kernel;
}
