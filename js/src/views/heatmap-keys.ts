import { move } from "../core/keyboard";
import type { HeatmapEvents, HeatmapView } from "./heatmap";
import type { Picture } from "./heatmap-paint";
import type { HeatmapTools } from "./heatmap-tools";
import { isFullScreen, toggleFullScreen } from "./screen";

/** What keys act on. */
interface Acting {
  view: HeatmapView;
  events: HeatmapEvents;
  tools: HeatmapTools;
}

/** How much larger a key makes the cells. */
export const ZOOM_STEP = 1.5;

/** Does what a key asks for; false where it asks for nothing. */
export function keyPressed(
  { key, ctrlKey, shiftKey }: KeyboardEvent,
  picture: Picture,
  selected: number,
  acting: Acting,
): boolean {
  const { events } = acting;
  if (key === "Backspace") events.up();
  else if (key === "Escape") leave(acting);
  else if ((key === "Enter" || key === " ") && !ctrlKey && !shiftKey)
    events.open(selected, "keyboard");
  else if (!ctrlKey && look(key, acting)) return true;
  else if (/^[a-z]$/.test(key) && !ctrlKey) return events.letter(selected, key);
  else return step(key, ctrlKey, picture, selected, events);
  return true;
}

function leave({ view, events }: Acting): void {
  if (isFullScreen(view.element)) toggleFullScreen(view.element);
  else events.escape();
}

/** Changes how the map is looked at. */
function look(key: string, { view, tools }: Acting): boolean {
  if (key === "+" || key === "=") view.zoom(ZOOM_STEP);
  else if (key === "-" || key === "_") view.zoom(1 / ZOOM_STEP);
  else if (key === "0") view.showAll();
  else if (key === "f") toggleFullScreen(view.element);
  else if (key === "m") tools.open();
  else return false;
  return true;
}

function step(
  key: string,
  ctrlKey: boolean,
  picture: Picture,
  selected: number,
  events: HeatmapEvents,
): boolean {
  const from = selected >= 0 ? selected : strongest(picture);
  const to = from < 0 ? null : move(key, ctrlKey, from, picture.chart);
  if (to === null) return false;
  const target = selected >= 0 ? to : from;
  events.select(target);
  events.hover(target);
  return true;
}

/** The cell that the keyboard starts from: the strongest measured, or else estimated. */
function strongest({ chart, values, estimates }: Picture): number {
  const known = values.some((value) => !Number.isNaN(value)) ? values : estimates;
  let best = -1;
  for (let cell = 0; cell < chart.size; cell++) {
    if (!chart.exists(cell)) continue;
    const size = Math.abs(known[cell] as number);
    if (best < 0 || size > (Math.abs(known[best] as number) || 0)) best = cell;
  }
  return best;
}
