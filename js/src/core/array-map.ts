import type { ArrayMap } from "../generated/views";
import { Chart } from "./chart";

/** Everything that a map of somebody's array draws. */
export interface ArrayMapPayload {
  header: ArrayMap;
  chart: Chart;
}

/** Returns a map of somebody's array with its numbers decoded. */
export function readArrayMap(header: ArrayMap, bytes: Uint8Array): ArrayMapPayload {
  return { header, chart: new Chart(header.maps[0] as ArrayMap["maps"][0], bytes) };
}
