import { type Chart, Status } from "../core/chart";
import { estimateLabel, floorOf, number, signed, unitOf } from "../core/format";
import { kindOf, waysFrom } from "../core/nodes";
import { pairName } from "../core/pair-map";

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

/** Returns what is known of a cell, with what was estimated of it or without. */
export function cellFacts(
  chart: Chart,
  metric: number,
  cell: number,
  withEstimates: boolean,
): CellFacts {
  const name = chart.nameOf(cell);
  const measured = linesOf(chart, metric, cell);
  const estimated = withEstimates ? estimatedOf(chart, metric, cell) : [];
  return {
    name,
    kind: chart.metric(metric).quantity ? placeOf(chart, cell, name) : kindOf(name),
    lines: [...measured, ...estimated],
    remark: remarkOf(chart, metric, cell, estimated.length > 0),
  };
}

/** Returns the row and the column of a cell, where its name does not say them. */
function placeOf({ map: { rows, columns }, width }: Chart, cell: number, name: string): string {
  const places = [
    [rows.name, rows.labels[Math.floor(cell / width)]],
    [columns.name, columns.labels[cell % width]],
  ] as const;
  const unsaid = places.filter(([, label]) => label && !name.includes(label));
  return unsaid.map(([axis, label]) => `${axis} ${label}`).join(", ");
}

/** Returns the same on one line, for a screen reader. */
export function spokenFacts(
  chart: Chart,
  metric: number,
  cell: number,
  withEstimates: boolean,
): string {
  const { name, lines, remark } = cellFacts(chart, metric, cell, withEstimates);
  const [first] = lines;
  const said = first ? `${first.label} ${first.value} ${first.note}`.trim() : "";
  return [name, said, remark].filter(Boolean).join(", ");
}

/** Returns whether there is a way on from a cell's node. */
export function opens(chart: Chart, cell: number): boolean {
  if (!chart.exists(cell) || chart.status[cell] === Status.unreachable) return false;
  return waysFrom(chart.nameOf(cell), 1).length > 0;
}

function linesOf(chart: Chart, index: number, cell: number): Line[] {
  const metric = chart.metric(index);
  const { value, low, high, effect, patched, draws } = chart.read(index, cell);
  const lines: Line[] = [];
  const between = low === null || high === null ? "" : `95 % ${number(low)} to ${number(high)}`;
  const interval = chart.pair ? `${pairName(chart.pair.prompt)} alone` : between;
  if (metric.quantity && value !== null) {
    lines.push({ label: metric.quantity, value: signed(value), note: interval });
  } else if (metric.normalized && value !== null) {
    lines.push({ label: "normalized", value: signed(value), note: interval });
  }
  if (effect !== null) {
    const note = metric.normalized ? "" : interval;
    lines.push({ label: "effect", value: `${signed(effect)} ${unitOf(metric)}`, note });
  }
  if (draws) {
    const unit = metric.normalized ? "" : ` ${unitOf(metric)}`;
    lines.push({
      label: `over ${chart.map.draws?.count} draws`,
      value: `${signed(draws.low)} to ${signed(draws.high)}${unit}`,
      note: `SD ${number(draws.sd)}`,
    });
  }
  if (patched !== null) {
    lines.push({ label: metric.label, value: number(patched), note: "under the patch" });
  }
  return lines;
}

function estimatedOf(chart: Chart, index: number, cell: number): Line[] {
  const { estimate: how } = chart.map;
  const { status, estimate } = chart.read(index, cell);
  const known = status === Status.measured || status === Status.unmeasured;
  if (!how || !known || estimate === null) return [];
  const metric = chart.metric(index);
  const written = how.signed ? signed(estimate) : number(estimate);
  const value = metric.normalized ? written : `${written} ${unitOf(metric)}`;
  return [{ label: estimateLabel(how), value, note: `(${how.method})` }];
}

function remarkOf(chart: Chart, metric: number, cell: number, estimated: boolean): string {
  const { status, noise } = chart.read(metric, cell);
  const elsewhere = status === Status.unmeasured && chart.pair?.here === false;
  if (elsewhere) return `not here on ${pairName(chart.pair?.prompt ?? 0)}`;
  if (noise) return `below ${floorOf(chart.metric(metric))}: rounding alone does as much`;
  switch (status) {
    case Status.unmeasured: {
      const { state } = chart.map.progress;
      // Of what is estimated, only some may be measured.
      const going = !estimated && (state === "running" || state === "waiting");
      return going ? "not measured yet" : "not measured";
    }
    case Status.identity:
      return "zero by identity: source and base agree here";
    case Status.unreachable:
      return "cannot reach the receiver";
    default:
      return "";
  }
}
