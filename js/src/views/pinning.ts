import { type Chart, Status } from "../core/chart";
import { parseReader } from "../core/nodes";
import { pathAt } from "../core/path";
import type { Payload } from "../core/payload";
import type { Looking } from "./looking";

/** Returns what pinning a cell pins: the path in a path map, else the node; empty for nothing. */
export function pinOf({ header }: Payload, looking: Looking, chart: Chart, cell: number): string {
  if (cell < 0 || !header.drills) return "";
  const { key } = chart.map;
  const name = chart.nameOf(cell);
  const there = chart.exists(cell) && chart.status[cell] !== Status.unreachable;
  const about = there && key.startsWith(looking.prefix) ? key.slice(looking.prefix.length) : "";
  return pathAt(about, name, header.heads_per_kv_head) || (parseReader(name) ? name : "");
}
