import { Status } from "../core/chart";
import { type ComparisonPayload, type Found, Sign, signOf, type Way } from "../core/comparison";
import { number, signed, unitOf } from "../core/format";

/** What one method says of a node. */
export interface Said {
  label: string;
  /** The number that is coloured, or why there is none. */
  value: string;
  /** The number with its unit and its interval. */
  note: string;
  /** As `Sign`. */
  sign: number;
}

/** Returns what every method says of a node. */
export function saidOf({ ways }: ComparisonPayload, found: Found | null, node: string): Said[] {
  return ways.map((way, index) => ({
    label: way.label,
    ...readingOf(way, node),
    sign: found ? signOf(found, index, node) : Sign.none,
  }));
}

/** Returns what one method says of a node, in words for a screen reader. */
export function spoken({ label, value, sign }: Said): string {
  return [`${label} ${value}`, signWord(sign)].filter(Boolean).join(", ");
}

/** Returns what a rule says, in words; nothing where it says nothing. */
export function signWord(sign: number): string {
  if (sign === Sign.positive) return "detected as positive";
  return sign === Sign.negative ? "detected as negative" : "";
}

function readingOf({ chart, metric }: Way, node: string): { value: string; note: string } {
  const cell = chart.cellOf(node);
  if (cell < 0) return { value: "not in this map", note: "" };
  const { status, value, low, high, effect } = chart.read(metric, cell);
  const column = chart.metric(metric);
  if (value === null) return { value: whyNot(status, chart.map.progress.state), note: "" };
  const unit = unitOf(column);
  const interval = low === null || high === null ? "" : `95 % ${number(low)} to ${number(high)}`;
  const inUnit = column.normalized && effect !== null ? `${signed(effect)} ${unit}` : "";
  const note = status === Status.identity ? "zero by identity" : interval;
  return {
    value: column.normalized ? signed(value) : `${signed(value)} ${unit}`,
    note: [note, inUnit].filter(Boolean).join(", "),
  };
}

function whyNot(status: number, state: string): string {
  if (status === Status.unreachable) return "cannot reach";
  return state === "running" || state === "waiting" ? "not measured yet" : "not measured";
}
