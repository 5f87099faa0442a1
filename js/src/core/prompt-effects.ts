import type { MetricColumn, PromptEffects } from "../generated/views";
import { PayloadError, readFloats } from "./arrays";
import { number, signed, unitOf } from "./format";

/** Per-prompt effects with their numbers decoded. */
export interface EffectsPayload {
  header: PromptEffects;
  /** How many pairs there are. */
  size: number;
  /** Each over metrics, pairs. */
  effect: Float32Array;
  base: Float32Array;
  source: Float32Array;
}

/** Returns per-prompt effects with their numbers decoded, or throws a `PayloadError`. */
export function readEffects(header: PromptEffects, bytes: Uint8Array): EffectsPayload {
  const size = header.effect.shape[1] ?? 0;
  const shape = [header.metrics.length, size];
  if (header.summaries.length !== header.metrics.length) {
    throw new PayloadError(`The effects of ${header.node} have summaries of other metrics.`);
  }
  const { pairs } = header.strip;
  if (pairs.length && pairs.length !== size) {
    throw new PayloadError(`The effects of ${header.node} are of ${size} pairs, not these.`);
  }
  return {
    header,
    size,
    effect: readFloats(header.effect, bytes, shape),
    base: readFloats(header.base, bytes, shape),
    source: readFloats(header.source, bytes, shape),
  };
}

/** Returns which metric is called `name`; the first where there is none. */
export function metricIn({ header }: EffectsPayload, name: string): number {
  return Math.max(
    0,
    header.metrics.findIndex((metric) => metric.name === name),
  );
}

/** Returns the effects by one metric, a number for every pair; NaN where it was not measured. */
export function effectsOf({ effect, size }: EffectsPayload, metric: number): Float32Array {
  return effect.subarray(metric * size, (metric + 1) * size);
}

/** Returns the effect that would move all the way to the source run, or null. */
export function gapOf({ base, source }: MetricColumn): number | null {
  return base === null || source === null ? null : source - base;
}

/** Returns what all pairs together say, in words. */
export function summaryText(payload: EffectsPayload, index: number): string {
  const metric = payload.header.metrics[index] as MetricColumn;
  const { mean, low, high, positive, negative } = payload.header.summaries[index] ?? {};
  if (mean === null || mean === undefined) return "";
  const measured = effectsOf(payload, index).filter((value) => !Number.isNaN(value)).length;
  const known = low !== null && low !== undefined && high !== null && high !== undefined;
  const interval = known ? `, 95 % ${signed(low)} to ${signed(high)}` : "";
  const [count, side] = mean < 0 ? [negative, "below"] : [positive, "above"];
  const pairs = measured === 1 ? "1 pair" : `${measured} pairs`;
  return `mean ${signed(mean)} ${unitOf(metric)}${interval} · ${side} 0 on ${count} of ${pairs}`;
}

/** Returns what is known of one pair, in words. */
export function pairText(payload: EffectsPayload, index: number, prompt: number): string {
  const metric = payload.header.metrics[index] as MetricColumn;
  const at = index * payload.size + prompt;
  const [effect, base, source] = [payload.effect[at], payload.base[at], payload.source[at]].map(
    (value) => value ?? Number.NaN,
  ) as [number, number, number];
  if (Number.isNaN(effect)) return "not measured on this pair";
  const [baseRun, sourceRun] = payload.header.runs;
  const moved = `${number(base)} → ${number(base + effect)}`;
  const runs = `${baseRun} run → under the patch; ${sourceRun} run ${number(source)}`;
  return `${signed(effect)} ${unitOf(metric)} (${metric.label} ${moved}: ${runs})`;
}
