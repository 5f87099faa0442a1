import type { Chart } from "../core/chart";
import { parseHead, receiversOf } from "../core/nodes";
import type { Payload } from "../core/payload";
import { opens } from "./cell-facts";
import type { Choice } from "./drill-choice";
import type { Looking } from "./looking";

/** Returns the inputs that a cell offers to open, and where each would come from. */
export function choicesAt(
  { header }: Payload,
  looking: Looking,
  live: boolean,
  chart: Chart,
  cell: number,
): Choice[] {
  const open = cell >= 0 && header.drills && opens(chart, cell);
  const head = open ? parseHead(chart.nameOf(cell)) : null;
  if (!head) return [];
  return receiversOf(head, header.heads_per_kv_head).map((receiver) => ({
    receiver,
    state: looking.chart(receiver.name) ? "here" : live ? "kernel" : "neither",
  }));
}

/** Returns what limits the ways on from a cell; otherwise an empty text. */
export function hintAt({ header }: Payload, chart: Chart, cell: number): string {
  if (cell < 0 || !header.drills || !chart.exists(cell)) return "";
  const head = parseHead(chart.nameOf(cell));
  if (!head) return "only attention heads can be opened in this version";
  return head.layer === 0 ? "only the token embedding feeds layer 0" : "";
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
