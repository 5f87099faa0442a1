import type { Comparison, Disagreement } from "../generated/views";
import { PayloadError, readFloats, readWholes } from "./arrays";
import { type Chart, readChart } from "./chart";

/** What a rule says of a node by one method. */
export const Sign = { none: 0, positive: 1, negative: 2, outside: 3 } as const;

/** Returns whether a rule detects a node, with either sign. */
export function isDetected(sign: number): boolean {
  return sign === Sign.positive || sign === Sign.negative;
}

/** Numbers between every two methods, row by row; NaN where there is none. */
export interface Square {
  size: number;
  values: Float32Array;
}

/** What one rule detects. */
export interface Found {
  rule: string;
  label: string;
  nodes: string[];
  /** Method by node, as `Sign`. */
  signs: Uint8Array;
  overlap: Square;
  flips: Disagreement[];
  message: string;
}

/** One way to measure the map. */
export interface Way {
  label: string;
  chart: Chart;
  metric: number;
}

/** Everything a comparison draws. */
export interface ComparisonPayload {
  header: Comparison;
  charts: Chart[];
  ways: Way[];
  findings: Found[];
  correlations: Square | null;
}

/** Returns a comparison with its arrays decoded, or throws a `PayloadError`. */
export function readComparison(header: Comparison, bytes: Uint8Array): ComparisonPayload {
  const charts = header.maps.map((map) => readChart(map, bytes));
  const size = header.methods.length;
  const square = (ref: Comparison["correlations"]): Square | null =>
    ref && { size, values: readFloats(ref, bytes, [size, size]) };
  const ways = header.methods.map(({ label, map, metric }) => {
    const chart = charts[map];
    if (!chart?.map.metrics[metric]) {
      throw new PayloadError(`The method ${label} of this output has no map.`);
    }
    return { label, chart, metric };
  });
  const findings = header.findings.map(({ signs, overlap, ...rest }) => ({
    ...rest,
    signs: readWholes(signs, bytes, [size, rest.nodes.length]),
    overlap: square(overlap) as Square,
  }));
  return { header, charts, ways, findings, correlations: square(header.correlations) };
}

/** Returns what a rule says of a node by one method; none where no method detects it. */
export function signOf({ nodes, signs }: Found, way: number, node: string): number {
  const at = nodes.indexOf(node);
  return at < 0 ? Sign.none : (signs[way * nodes.length + at] ?? Sign.none);
}

/** Returns what a rule says of every cell of a method's map, as `Sign`. */
export function signsOn(found: Found, way: number, chart: Chart): Uint8Array {
  const signs = new Uint8Array(chart.size);
  for (const node of found.nodes) {
    const cell = chart.cellOf(node);
    if (cell >= 0) signs[cell] = signOf(found, way, node);
  }
  return signs;
}
