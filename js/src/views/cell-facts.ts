import { type Chart, Status } from "../core/chart";
import { number, signed, unitOf } from "../core/format";
import { kindOf, parseHead } from "../core/nodes";

/** One line of what is known of a cell. */
export interface Line {
  label: string;
  value: string;
  note: string;
}

/** What is known of a cell, in words. */
export interface CellFacts {
  name: string;
  kind: string;
  lines: Line[];
  /** Why there is no number, or what is special about it; otherwise empty. */
  remark: string;
}

/** Returns what is known of a cell. */
export function cellFacts(chart: Chart, metric: number, cell: number): CellFacts {
  const name = chart.nameOf(cell);
  return {
    name,
    kind: kindOf(name),
    lines: linesOf(chart, metric, cell),
    remark: remarkOf(chart, cell),
  };
}

/** Returns the same on one line, for a screen reader. */
export function spokenFacts(chart: Chart, metric: number, cell: number): string {
  const { name, lines, remark } = cellFacts(chart, metric, cell);
  const [first] = lines;
  const said = first ? `${first.label} ${first.value} ${first.note}`.trim() : "";
  return [name, said, remark].filter(Boolean).join(", ");
}

/** Returns whether a cell's node can be opened into q, k and v. */
export function opens(chart: Chart, cell: number): boolean {
  if (!chart.exists(cell) || chart.status[cell] === Status.unreachable) return false;
  return parseHead(chart.nameOf(cell)) !== null;
}

function linesOf(chart: Chart, index: number, cell: number): Line[] {
  const metric = chart.metric(index);
  const { value, low, high, effect, patched } = chart.read(index, cell);
  const lines: Line[] = [];
  const interval = low === null || high === null ? "" : `95 % ${number(low)} to ${number(high)}`;
  if (metric.normalized && value !== null) {
    lines.push({ label: "normalized", value: signed(value), note: interval });
  }
  if (effect !== null) {
    const note = metric.normalized ? "" : interval;
    lines.push({ label: "effect", value: `${signed(effect)} ${unitOf(metric)}`, note });
  }
  if (patched !== null) {
    lines.push({ label: metric.label, value: number(patched), note: "under the patch" });
  }
  return lines;
}

function remarkOf(chart: Chart, cell: number): string {
  switch (chart.status[cell]) {
    case Status.unmeasured: {
      const { state } = chart.map.progress;
      return state === "running" || state === "waiting" ? "not measured yet" : "not measured";
    }
    case Status.identity:
      return "zero by identity: source and base agree here";
    case Status.unreachable:
      return "cannot reach the receiver";
    default:
      return "";
  }
}
