import type { Drawn } from "../core/chart";
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
}

/** Returns the scales that a map can have. */
export function scalesOf({ shared }: Limits): Scale[] {
  return shared === undefined ? ["own", "clipped"] : ["shared", "own", "clipped"];
}

/** Returns the end of a scale. */
export function limitOn(scale: Scale, drawn: Drawn, { own, shared }: Limits): number {
  if (scale === "clipped") return clippedLimitOf(drawn.values, drawn.estimates);
  return scale === "shared" ? (shared ?? own) : own;
}
