/** A node to put into an element; text stays text, whatever it holds. */
export type Child = Node | string | null | undefined | false;

type Attributes = Record<string, string | number | boolean | null | undefined>;

/** Returns a new element. Attributes that are `false`, `null` or `undefined` are left out. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  fill(element, ...children);
  return element;
}

/** Sets, replaces or removes attributes. */
export function setAttributes(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** Replaces everything in an element. */
export function fill(element: Element, ...children: Child[]): void {
  element.replaceChildren(...children.filter((child): child is Node | string => Boolean(child)));
}

/**
 * Returns a button. JupyterLab reads shortcuts such as `x` (cut the cell) before a page can stop
 * them, unless the focused element itself says no.
 */
export function button(attributes: Attributes, onClick: () => void, ...children: Child[]) {
  const element = h(
    "button",
    { type: "button", "data-lm-suppress-shortcuts": "true", ...attributes },
    ...children,
  );
  element.onclick = onClick;
  return element;
}

let ids = 0;

/** Returns an id that no other element of the page has. */
export function freshId(prefix: string): string {
  ids += 1;
  return `pw-${prefix}-${ids}-${Math.random().toString(36).slice(2, 8)}`;
}

/** Returns what has the focus where `element` is: in its shadow, or on the page. */
export function focusedAt(element: Element): Element | null {
  return (element.getRootNode() as Document | ShadowRoot).activeElement ?? null;
}
