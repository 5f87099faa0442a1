import type { ArrayMap } from "../generated/views";
import { type Chart, readChart } from "./chart";

/** Everything that a map of somebody's array draws. */
export interface ArrayMapPayload {
  header: ArrayMap;
  chart: Chart;
}

/** Returns a map of somebody's array with its numbers decoded. */
export function readArrayMap(header: ArrayMap, bytes: Uint8Array): ArrayMapPayload {
  return { header, chart: readChart(header.maps[0] as ArrayMap["maps"][0], bytes) };
}
