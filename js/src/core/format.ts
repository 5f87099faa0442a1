import type { Estimates, MetricColumn } from "../generated/views";

/** Characters of one token that are drawn and named: a tokenizer may have tokens of a megabyte. */
const LONGEST = 200;

/** Returns a text that is not too long to be drawn, with an ellipsis for what is left out. */
export function cut(text: string): string {
  if (text.length <= LONGEST) return text;
  // No half of a character that takes two.
  return `${text.slice(0, LONGEST - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** Returns the prompt that these tokens are. */
export function textOf(tokens: string[]): string {
  return tokens.map(cut).join("");
}

/** Returns a number as people write it: three significant digits at most, a real minus sign. */
export function number(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 || size === 0 ? 2 : 3;
  const tiny = size !== 0 && size < 0.0005;
  const text = tiny ? size.toExponential(0).replace("-", "−") : size.toFixed(digits);
  return value < 0 && (tiny || Number(text) !== 0) ? `−${text}` : text;
}

/** Returns a number with its sign, also when it is positive. */
export function signed(value: number): string {
  const text = number(value);
  return text.startsWith("−") || Number(text) === 0 ? text : `+${text}`;
}

/** Returns the plural of a metric's unit, as it stands after a number. */
export function unitOf(metric: MetricColumn): string {
  return {
    logit: "logits",
    nat: "nats",
    probability: "probability",
    rank: "places",
    share: "share of prompts",
    ratio: "times",
    none: "",
  }[metric.unit];
}

/** Returns what the coloured number of a metric is called. */
export function valueLabel(metric: MetricColumn): string {
  if (metric.quantity) return metric.quantity;
  return metric.normalized ? "normalized effect" : `effect in ${unitOf(metric)}`;
}

/** Returns the time left in words, or nothing where it is not known. */
export function timeLeft(seconds: number | null): string {
  if (seconds === null) return "";
  if (seconds < 1) return "less than 1 s left";
  if (seconds < 90) return `${Math.round(seconds)} s left`;
  return `${Math.round(seconds / 60)} min left`;
}

/** Returns what the coloured number of an estimate is called. */
export function estimateLabel({ signed }: Estimates): string {
  return signed ? "estimated" : "estimated size";
}

/** Returns what rounding alone does to a metric, in words. */
export function floorOf(metric: MetricColumn): string {
  return `the noise floor of ${number(metric.noise_floor ?? 0)} ${unitOf(metric)}`;
}
