import type { Chart } from "../core/chart";
import { keyOf, TO_LOGITS, type Way, waysFrom } from "../core/nodes";
import type { Payload } from "../core/payload";
import { opens } from "./cell-facts";
import type { Choice } from "./drill-choice";
import type { Looking } from "./looking";

/** Returns the ways on from a cell, and where the map of each would come from. */
export function choicesAt(
  { header }: Payload,
  looking: Looking,
  live: boolean,
  chart: Chart,
  cell: number,
): Choice[] {
  const open = cell >= 0 && header.drills && opens(chart, cell);
  if (!open) return [];
  const ways = waysFrom(chart.nameOf(cell), header.heads_per_kv_head);
  return ways.map((way) => choiceOf(way, looking, live));
}

/** Returns the way to what writes to the logits. */
export function toLogits({ header }: Payload, looking: Looking, live: boolean): Choice[] {
  const choice = choiceOf(TO_LOGITS, looking, live);
  return header.drills && choice.state !== "neither" ? [choice] : [];
}

/** Returns the key of the map that a way leads to in what is looked at. */
export function mapOf(way: Way, looking: Looking): string {
  return looking.prefix + keyOf(way, looking.form);
}

function choiceOf(way: Way, looking: Looking, live: boolean): Choice {
  const here = looking.chart(mapOf(way, looking)) !== undefined;
  return { way, state: here ? "here" : live ? "kernel" : "neither" };
}

/** Returns what limits the ways on from a cell; otherwise an empty text. */
export function hintAt({ header }: Payload, chart: Chart, cell: number): string {
  if (cell < 0 || !header.drills || !chart.exists(cell)) return "";
  const name = chart.nameOf(cell);
  if (!waysFrom(name, header.heads_per_kv_head).length) {
    return "attention heads and MLPs can be opened";
  }
  return name.startsWith("L0H") ? "only the token embedding feeds layer 0" : "";
}

/** Returns whether a map is still being measured. */
export function isGoing({ map }: Chart): boolean {
  return map.progress.state === "running" || map.progress.state === "waiting";
}

/** Returns the map whose progress matters: one being measured, or else the last one opened. */
export function measuredIn({ charts }: Payload, looking: Looking): Chart {
  const last = looking.chart(looking.trail[looking.trail.length - 1] as string);
  const running = charts.find(({ map }) => map.progress.state === "running");
  if (last && isGoing(last)) return last;
  return running ?? last ?? (charts[0] as Chart);
}
