import type { Choices, Host } from "../core/host";
import { type AnyPayload, isComparison } from "../core/payload";
import { ComparisonView } from "./comparison";
import { ExplorerView } from "./explorer";

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

/** Draws a payload in the view it is made for. */
export function openView(parent: HTMLElement, payload: AnyPayload, host: Host): View {
  return isComparison(payload)
    ? new ComparisonView(parent, payload, host)
    : new ExplorerView(parent, payload, host);
}

/** Returns whether a view draws payloads of this kind. */
export function draws(view: View, payload: AnyPayload): boolean {
  return isComparison(payload) === view instanceof ComparisonView;
}
