import type { AnyModel } from "@anywidget/types";
import type { Choices } from "../core/host";
import type {
  ArrayMap,
  Attention,
  Comparison,
  Explorer,
  PromptEffects,
  Prompts,
  Question,
} from "../generated/views";

/** The traits of all widgets; each has those of its own view. */
export interface Traits extends Choices {
  header: Explorer | Comparison | ArrayMap | Attention | PromptEffects | Prompts | Question;
  block: DataView;
  pw_id: string;
  _runtime: string;
}

export type LiveModel = AnyModel<Traits>;

/** The models of this page whose kernel runs; `change` fires whenever one comes or goes. */
export interface Live extends EventTarget {
  models: Map<string, LiveModel>;
}

// Two bundles meet here: the widget's own code and the JupyterLab extension, which may be of
// different versions. The number changes with the meaning of what is stored.
const KEY = "__patchwidgetsLive1";

/** Returns the page's list of live models. */
export function live(): Live {
  const page = globalThis as unknown as Record<string, Live | undefined>;
  page[KEY] ??= Object.assign(new EventTarget(), { models: new Map<string, LiveModel>() });
  return page[KEY];
}

/** Puts a model on the list, or takes it off. */
export function list(id: string, model: LiveModel | null): void {
  const { models } = live();
  if (model) models.set(id, model);
  else models.delete(id);
  live().dispatchEvent(new Event("change"));
}
