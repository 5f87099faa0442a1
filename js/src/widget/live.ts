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
  /** The one to talk to, by id. */
  models: Map<string, LiveModel>;
  /** All of an id, the last to come last: each notebook on one kernel has a model of its own. */
  all: Map<string, LiveModel[]>;
}

// Two bundles meet here: the widget's own code and the JupyterLab extension, which may be of
// different versions. The number changes with the meaning of what is stored.
const KEY = "__patchwidgetsLive2";

/** Returns the page's list of live models. */
export function live(): Live {
  const page = globalThis as unknown as Record<string, Live | undefined>;
  page[KEY] ??= Object.assign(new EventTarget(), {
    models: new Map<string, LiveModel>(),
    all: new Map<string, LiveModel[]>(),
  });
  return page[KEY];
}

/** Puts a model on the list. */
export function list(id: string, model: LiveModel): void {
  keep(id, [...othersOf(id, model), model]);
}

/** Takes a model off the list; another one of its id takes its place. */
export function unlist(id: string, model: LiveModel): void {
  keep(id, othersOf(id, model));
}

function othersOf(id: string, model: LiveModel): LiveModel[] {
  return (live().all.get(id) ?? []).filter((one) => one !== model);
}

function keep(id: string, left: LiveModel[]): void {
  const { models, all } = live();
  const last = left.at(-1);
  all.set(id, left);
  if (last) models.set(id, last);
  else models.delete(id);
  live().dispatchEvent(new Event("change"));
}
