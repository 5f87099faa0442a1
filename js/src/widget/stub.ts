import type { InitializeProps, RenderProps } from "@anywidget/types";
import { type LiveModel, list, type Traits, unlist } from "./live";

/** What the widget manager of JupyterLab knows of a model beyond anywidget's own interface. */
interface ManagedModel {
  comm_live: boolean;
  on(event: "comm_live_update", callback: () => void): void;
}

/** Lists the model for the JupyterLab renderer as long as its kernel answers. */
function register(model: LiveModel, signal: AbortSignal): void {
  const id = model.get("pw_id");
  signal.addEventListener("abort", () => unlist(id, model));
  const manager = model.widget_manager;
  if (typeof manager?.get_model !== "function") {
    list(id, model);
    return;
  }
  // Not awaited: the manager gives the model only once `initialize` is over.
  manager.get_model(id).then(
    (found) => {
      const managed = found as unknown as ManagedModel;
      const follow = () => {
        if (managed.comm_live && !signal.aborted) list(id, model);
        else unlist(id, model);
      };
      managed.on("comm_live_update", follow);
      follow();
    },
    () => list(id, model),
  );
}

/** Every widget carries this; the renderer itself is in the one runtime widget. */
export default {
  initialize({ model, signal }: InitializeProps<Traits>) {
    register(model, signal);
  },
  async render(props: RenderProps<Traits>) {
    const runtime = await props.host?.getWidget(props.model.get("_runtime"));
    if (!runtime) props.el.textContent = "This view needs anywidget 0.11 or newer.";
    return (runtime?.exports as { render?: (props: RenderProps<Traits>) => void })?.render?.(props);
  },
};
