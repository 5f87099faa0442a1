import { limitOf } from "../core/color";
import type { Way } from "../core/comparison";
import type { ComparisonState } from "../generated/views";

/** Which maps share a colour scale. */
export type Sharing = ComparisonState["scale"];

/** What a colour bar says of its scale. */
export const SHARED_BY: Record<Sharing, string> = {
  metric: "one scale per metric",
  all: "one scale for all maps",
  each: "this map's own scale",
};

/** Returns the end of every map's colour scale. Only what counts the same is put on one scale. */
export function limitsOf(ways: Way[], sharing: Sharing): number[] {
  const groups = new Map<string, Way[]>();
  const keys = ways.map((way, index) => keyOf(way, index, sharing));
  ways.forEach((way, index) => {
    const key = keys[index] as string;
    groups.set(key, [...(groups.get(key) ?? []), way]);
  });
  const limits = new Map([...groups].map(([key, group]) => [key, limitIn(group)]));
  return keys.map((key) => limits.get(key) as number);
}

/** Returns whether a map is on the scale that `sharing` names: others cannot be compared. */
export function isShared({ chart, metric }: Way, sharing: Sharing): boolean {
  return sharing !== "all" || chart.metric(metric).normalized;
}

function keyOf(way: Way, index: number, sharing: Sharing): string {
  const { name, normalized } = way.chart.metric(way.metric);
  if (sharing === "each") return String(index);
  if (sharing === "all" && normalized) return "normalized";
  return JSON.stringify([name, normalized]);
}

function limitIn(ways: Way[]): number {
  const drawn = ways.map(({ chart, metric }) => chart.drawn(metric, true));
  return limitOf(...drawn.flatMap(({ values, estimates }) => [values, estimates]));
}
