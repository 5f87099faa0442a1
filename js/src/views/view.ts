import type { Choices, Host } from "../core/host";
import { type AnyPayload, type ViewName, viewNameOf } from "../core/payload";
import { ArrayMapView } from "./array-map";
import { AttentionView } from "./attention";
import { CircuitPage } from "./circuit-page";
import { ComparisonView } from "./comparison";
import { ExplorerView } from "./explorer";
import { PromptEffectsView } from "./prompt-effects";
import { PromptsView } from "./prompts";
import { QuestionView } from "./question";

/** What a host draws, whichever view it is. */
export interface View {
  /** What the reader has chosen: the traits that its widget has for it. */
  readonly state: Partial<Choices>;
  /** Draws a newer payload of the same kind in place. */
  update(payload: AnyPayload): void;
  choose(state: Partial<Choices>): void;
  connect(host: Host): void;
  destroy(): void;
}

/** How each view is opened, by its name in a payload. */
const VIEWS: Record<ViewName, new (parent: HTMLElement, payload: never, host: Host) => View> = {
  explorer: ExplorerView,
  comparison: ComparisonView,
  heatmap: ArrayMapView,
  attention: AttentionView,
  prompt_effects: PromptEffectsView,
  prompts: PromptsView,
  circuit: CircuitPage,
  question: QuestionView,
};

/** Draws a payload in the view it is made for. */
export function openView(parent: HTMLElement, payload: AnyPayload, host: Host): View {
  return new VIEWS[viewNameOf(payload.header)](parent, payload as never, host);
}

/** Returns whether a view draws payloads of this kind. */
export function draws(view: View, payload: AnyPayload): boolean {
  return view instanceof VIEWS[viewNameOf(payload.header)];
}
