import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { IRenderMime } from "@jupyterlab/rendermime";
import type { View } from "../views/view";
import { bind } from "../widget/model-host";
import { follow } from "./follow";
import { keep } from "./keep";

/** Ties a view and what its output stores to the live model `id` whenever there is one, until `signal` aborts. */
export function link(
  view: View,
  output: () => IRenderMime.IMimeModel,
  id: string,
  app: JupyterFrontEnd,
  resolver: unknown,
  signal: AbortSignal,
): void {
  follow(
    id,
    app,
    resolver,
    (model, until) => {
      bind(view, model, until);
      keep(output, model, until);
    },
    signal,
  );
}
