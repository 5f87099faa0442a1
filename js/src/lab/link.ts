import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IRenderMime } from "@jupyterlab/rendermime";
import type { View } from "../views/view";
import { type LiveModel, live, unlist } from "../widget/live";
import { bind } from "../widget/model-host";
import { keep } from "./keep";
import { watchSession } from "./session";

/**
 * Ties a view and what its output stores to the live model `id` whenever the page has one, until `signal` aborts.
 *
 * The model may come later than the output (a page that reloads), and may go (a kernel that ends).
 */
export function link(
  view: View,
  output: () => IRenderMime.IMimeModel,
  id: string,
  app: JupyterFrontEnd,
  resolver: unknown,
  signal: AbortSignal,
): void {
  let tied: LiveModel | undefined;
  let binding = new AbortController();
  const tie = () => {
    const model = live().models.get(id);
    if (model === tied) return;
    binding.abort();
    tied = model;
    if (!model) return;
    binding = new AbortController();
    bind(view, model, binding.signal);
    keep(output, model, binding.signal);
  };
  live().addEventListener("change", tie, { signal });
  signal.addEventListener("abort", () => binding.abort(), { once: true });
  // Shutting a kernel down is not announced to the model, only to the session.
  watchSession(app, resolver, () => tied && unlist(id, tied), signal);
  tie();
}
