import type { View } from "../views/view";

/** One drawn output or document, for the commands that act on what a reader looks at. */
export interface Shown {
  readonly node: HTMLElement;
  /** Python that makes again what is shown; empty where there is none. */
  readonly code: string;
}

const all = new Set<Shown>();

/** Puts what is drawn on the page's list until `signal` aborts. */
export function enlist(one: Shown, signal: AbortSignal): void {
  all.add(one);
  signal.addEventListener("abort", () => all.delete(one), { once: true });
}

/** Returns what is drawn around an element; undefined outside of our outputs. */
export function shownAround(element: Element | null): Shown | undefined {
  return element ? [...all].find(({ node }) => node.contains(element)) : undefined;
}

/** Returns the first thing that is drawn inside an element. */
export function shownIn(element: Element): Shown | undefined {
  return [...all].find(({ node }) => element.contains(node));
}

/** Returns the code of what a view shows: its own, or that of what it was given. */
export function codeOf(view: (View & { readonly code?: string }) | null, header: unknown): string {
  if (view?.code) return view.code;
  const { code } = (header ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : "";
}
