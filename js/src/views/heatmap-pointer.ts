import type { Layout } from "./heatmap-layout";

/** What the pointer does to a map. */
export interface PointerActions {
  /** Where everything lies now. */
  layout(): Layout;
  /** Whether only a part of the map is seen. */
  zoomed(): boolean;
  hover(x: number, y: number): void;
  leave(): void;
  click(x: number, y: number): void;
  pull(dx: number, dy: number): void;
  zoom(factor: number, x: number, y: number): void;
  reset(): void;
}

/** Pixels after which a press is a pull. */
const SLACK = 4;

/** Pixels beside the map in which its bars can be taken hold of. */
const GRIP = 10;

/** How much a step of the wheel zooms. */
const PER_PIXEL = 0.01;

/** A pointer that is down. */
interface Press {
  x: number;
  y: number;
  /** How far the map moves for each pixel of the pointer: backwards, where a bar is pulled. */
  by: [x: number, y: number];
  pulls: boolean;
}

/** Tells what the pointer does on a map. A plain wheel stays the page's, which it scrolls. */
export function followPointer(
  element: HTMLElement,
  actions: PointerActions,
  signal: AbortSignal,
): void {
  let press: Press | null = null;
  let pulled = false;
  const place = (event: MouseEvent): [x: number, y: number] => {
    const { left, top } = element.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  };
  const on = <Kind extends keyof HTMLElementEventMap>(
    kind: Kind,
    listener: (event: HTMLElementEventMap[Kind]) => void,
  ) => element.addEventListener(kind, listener, { signal, passive: false });
  on("pointerdown", (event) => {
    pulled = false;
    if (event.button !== 0 || !actions.zoomed()) return;
    const [x, y] = place(event);
    press = { x, y, by: speedAt(actions.layout(), x, y), pulls: false };
  });
  on("pointermove", (event) => {
    const [x, y] = place(event);
    if (!press) {
      actions.hover(x, y);
      return;
    }
    const [dx, dy] = [x - press.x, y - press.y];
    if (!press.pulls && Math.abs(dx) + Math.abs(dy) < SLACK) return;
    if (!press.pulls) element.setPointerCapture?.(event.pointerId);
    pulled = true;
    actions.pull(dx * press.by[0], dy * press.by[1]);
    press = { ...press, x, y, pulls: true };
  });
  const release = () => {
    press = null;
  };
  on("pointerup", release);
  on("pointercancel", release);
  on("pointerleave", () => {
    if (!press?.pulls) press = null;
    actions.leave();
  });
  on("click", (event) => {
    if (!pulled) actions.click(...place(event));
  });
  on("dblclick", () => {
    if (actions.zoomed()) actions.reset();
  });
  on("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    actions.zoom(Math.exp(-event.deltaY * PER_PIXEL), ...place(event));
  });
}

/** Returns how far the map moves for each pixel that is pulled at a point. */
function speedAt(layout: Layout, x: number, y: number): [x: number, y: number] {
  const right = layout.left + layout.plotWidth;
  const bottom = layout.top + layout.plotHeight;
  const across = layout.plotWidth / (layout.cellWidth * layout.columns);
  const down = layout.plotHeight / (layout.cellHeight * layout.rows);
  if (y >= bottom && y < bottom + GRIP && across < 1) return [-1 / across, 0];
  if (x >= right && x < right + GRIP && down < 1) return [0, -1 / down];
  return [1, 1];
}
