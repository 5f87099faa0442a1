import type { Chart, Drawn } from "../core/chart";
import { clippedLimitOf } from "../core/color";

/** How far the colours of a map reach. All scales have 0 in their middle. */
export type Scale = "own" | "shared" | "clipped";

/** What the menu of a map says of each. */
export const SCALES: Record<Scale, string> = {
  own: "to this map's largest value",
  shared: "shared with other maps",
  clipped: "clipped at 99 % of the cells",
};

/** The ends of the scales that a map can have. */
export interface Limits {
  own: number;
  /** Where maps share one. */
  shared?: number | undefined;
  /** Whether that is the one to begin with. */
  sharing: boolean;
}

/** Returns the scales that a map can have, the one to begin with first. */
export function scalesOf({ shared, sharing }: Limits): Scale[] {
  if (shared === undefined) return ["own", "clipped"];
  return sharing ? ["shared", "own", "clipped"] : ["own", "shared", "clipped"];
}

/** Returns a scale for several maps of one metric; none where they do not count the same. */
export function sharedLimitOf(charts: Chart[], metric: string, estimates: boolean): number | null {
  const columns = charts.map((chart) => chart.metric(chart.metricIndex(metric)));
  const same = columns.every(
    ({ name, normalized }) => name === columns[0]?.name && normalized === columns[0]?.normalized,
  );
  if (charts.length < 2 || !same) return null;
  return Math.max(...charts.map((chart) => chart.limit(chart.metricIndex(metric), estimates)));
}

/** Returns the end of a scale. */
export function limitOn(scale: Scale, drawn: Drawn, { own, shared }: Limits): number {
  if (scale === "clipped") return clippedLimitOf(drawn.values, drawn.estimates);
  return scale === "shared" ? (shared ?? own) : own;
}
