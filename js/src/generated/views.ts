/* DO NOT EDIT. From patchwidgets/views/*.py by `npm run generate`. */

/**
 * Everything needed to look at a result and its drill-downs without a kernel.
 */
export interface Explorer {
  /**
   * Which view draws this; payloads before version 3 do not say.
   */
  view?: "explorer";
  title: string;
  facts: Fact[];
  /**
   * Which run is the base (0): the corrupted one for `denoising`, the clean for `noising`.
   */
  direction: "denoising" | "noising";
  strip: TokenStrip;
  /**
   * The first map, then every path map opened from it, in the order they were asked for.
   *
   * @minItems 1
   */
  maps: [Heatmap, ...Heatmap[]];
  /**
   * Query heads that share one key/value head: the key and value input of query head `h` is
   * that of key/value head `h // heads_per_kv_head`.
   */
  heads_per_kv_head: number;
  /**
   * Whether head cells can be opened into path maps (by a kernel, or because they are here).
   */
  drills: boolean;
  advice: (Advice | string)[];
  /**
   * Python that rebuilds the first map.
   */
  code: string;
}
/**
 * One thing to mind; `patchwidgets.advice.Advice` says what the fields are.
 */
export interface Advice {
  /**
   * Of the rule, by which it can be silenced.
   */
  name: string;
  severity: "error" | "warning" | "note";
  /**
   * What was seen, with its number.
   */
  sentence: string;
  reason: string;
  source: string;
  /**
   * What to type or do next; code is between backticks.
   */
  todo: string;
  /**
   * Key of the map that it is about; empty where it is about all that is shown.
   */
  map: string;
}
/**
 * Where an array lies in the payload's bytes: C order, little-endian.
 *
 * NaN in a float array means not measured.
 */
export interface ArrayRef {
  dtype: "float32" | "uint8";
  shape: number[];
  /**
   * Bytes from the start of the block.
   */
  offset: number;
}
/**
 * Rows or columns of a map.
 */
export interface Axis {
  /**
   * What runs along it: `layer`, `head`, `position`, `sender`.
   */
  name: string;
  /**
   * What is drawn at each row or column.
   */
  labels: string[];
  /**
   * Written-name part of each: the node of a cell is `rows.parts[i] + columns.parts[j]`.
   */
  parts: string[];
}
/**
 * Stops the measuring of the map `key`; what was measured stays.
 */
export interface CancelCommand {
  command: "cancel";
  key: string;
}
/**
 * Everything needed to look at a circuit without a kernel.
 */
export interface Circuit {
  view: "circuit";
  title: string;
  facts: Fact[];
  /**
   * Those of the circuit, and the embeddings and the logits where a path starts or ends.
   */
  nodes: CircuitNode[];
  edges: CircuitEdge[];
  /**
   * What the effects of nodes and edges are: `normalized effect`, or `effect in logits`; empty
   * where there are none.
   */
  effects: string;
  /**
   * How many nodes the circuit has.
   */
  size: number;
  /**
   * How many nodes it was chosen from; 0 where nothing was measured.
   */
  universe: number;
  /**
   * What was measured; empty where nothing was asked for yet.
   */
  metrics: CircuitMetric[];
  /**
   * The six choices by which such measurements differ.
   */
  choices: Fact[];
  /**
   * What to know of these numbers.
   */
  remarks: string[];
  /**
   * Null where nothing was asked for yet.
   */
  progress: Progress | null;
  advice: (Advice | string)[];
  /**
   * Python that measures it.
   */
  code: string;
}
/**
 * A path that was pinned, or one leg of it.
 */
export interface CircuitEdge {
  /**
   * The whole path, as it is written.
   */
  path: string;
  /**
   * Name of a node.
   */
  sender: string;
  /**
   * Name of a node.
   */
  receiver: string;
  /**
   * Which input of the receiver it enters; empty where it has only one.
   */
  input: "" | "q" | "k" | "v";
  /**
   * Of the whole path; null where it was not measured.
   */
  effect: number | null;
}
/**
 * What one metric says.
 */
export interface CircuitMetric {
  name: string;
  label: string;
  unit: "logit" | "nat" | "probability" | "rank" | "share" | "ratio";
  /**
   * The circuit alone: its faithfulness.
   */
  kept: CircuitShare;
  /**
   * What is left without it.
   */
  left: CircuitShare;
  /**
   * How much random circuits of its size keep. Empty until all of them are measured.
   */
  random: number[];
  /**
   * Nodes added one after another; the last one is the whole universe, or all that is known of
   * an order.
   */
  curve: CircuitPoint[];
  /**
   * Area under the curve, over the share of the universe that is kept; null where the curve is
   * not complete.
   */
  cpr: number | null;
  /**
   * Area between the curve and 1.
   */
  cmd: number | null;
  /**
   * The same in sentences.
   */
  words: string[];
}
/**
 * One node of the graph.
 */
export interface CircuitNode {
  /**
   * As it is written, such as `L9H6@END`.
   */
  name: string;
  kind: "head" | "mlp" | "embed" | "logits";
  /**
   * Null for the embeddings, which are drawn lowest, and for the logits, which are highest.
   */
  layer: number | null;
  /**
   * What is drawn on it.
   */
  label: string;
  /**
   * What it does by itself, as `Circuit.effects` says; null where that was not measured.
   */
  effect: number | null;
}
/**
 * One circuit of a curve.
 */
export interface CircuitPoint {
  /**
   * 0 = as with everything overwritten, 1 = as the model.
   */
  value: number | null;
  /**
   * Lower end of the 95 % bootstrap interval.
   */
  low: number | null;
  high: number | null;
  /**
   * The run minus that with everything overwritten, mean over prompts, in the metric's unit.
   */
  effect: number | null;
  /**
   * How many nodes it has.
   */
  size: number;
  /**
   * The node by which it differs from the circuit that has one less; empty for no nodes.
   */
  added: string;
}
/**
 * How much of the behaviour a run keeps; nulls where it was not measured or has no ratio.
 */
export interface CircuitShare {
  /**
   * 0 = as with everything overwritten, 1 = as the model.
   */
  value: number | null;
  /**
   * Lower end of the 95 % bootstrap interval.
   */
  low: number | null;
  high: number | null;
  /**
   * The run minus that with everything overwritten, mean over prompts, in the metric's unit.
   */
  effect: number | null;
}
/**
 * What the reader has chosen.
 */
export interface CircuitState {
  /**
   * Written name of the selected node, or empty.
   */
  selection: string;
  /**
   * Name of the metric that is shown; empty means the first.
   */
  metric: string;
}
/**
 * Everything needed to look at a comparison without a kernel.
 */
export interface Comparison {
  view: "comparison";
  title: string;
  /**
   * What is the same for all methods.
   */
  facts: Fact[];
  /**
   * One for every corruption, direction and window; all of the same metrics. The title is what
   * tells it from the others; empty where there is only one.
   *
   * @minItems 1
   */
  maps: [Heatmap, ...Heatmap[]];
  /**
   * @minItems 2
   */
  methods: [MethodLabel, MethodLabel, ...MethodLabel[]];
  /**
   * By every rule, the paper's first. Empty until all maps are measured.
   */
  findings: Findings[];
  /**
   * Over methods, methods: rank correlation of the effects; NaN where there is none. Null until
   * all maps are measured.
   */
  correlations: ArrayRef | null;
  /**
   * Why there are no statistics yet; empty once there are.
   */
  missing: string;
  /**
   * Of all maps together.
   */
  progress: Progress;
  /**
   * Empty until all maps are measured.
   */
  advice: (Advice | string)[];
  /**
   * Python that rebuilds the comparison.
   */
  code: string;
}
/**
 * What the reader has chosen.
 */
export interface ComparisonState {
  /**
   * Written name of the selected node, or empty.
   */
  selection: string;
  /**
   * Name of the rule by which nodes are marked; empty means the first.
   */
  rule: string;
  /**
   * Which maps share a colour scale: those of one metric, all that are normalized, or none.
   */
  scale: "metric" | "all" | "each";
}
/**
 * A node on which methods disagree; the numbers count methods.
 */
export interface Disagreement {
  node: string;
  positive: number;
  negative: number;
  undetected: number;
  /**
   * Whether some methods say positive and others negative.
   */
  opposite: boolean;
}
/**
 * Asks for the path map into a receiver such as `L20H0.v`; answered by a new map.
 */
export interface DrillCommand {
  command: "drill";
  receiver: string;
}
/**
 * What the cells of a map would do by estimate; nothing in it was measured.
 */
export interface Estimates {
  /**
   * How it was estimated, in words: `attribution patching`.
   */
  method: string;
  /**
   * Whether `value` has the sign of the effect; otherwise it is the size of the effect.
   */
  signed: boolean;
  /**
   * Over metrics, rows, columns, on the scale of `Heatmap.value`; NaN where the method has no
   * estimate. Cells that were measured have one too, for comparison.
   */
  value: ArrayRef;
  /**
   * For every metric: how much was measured, and how well the estimates agree with it.
   */
  agreement: string[];
}
/**
 * What the reader has chosen; the only thing that travels up besides commands.
 */
export interface ExplorerState {
  /**
   * Written name of the selected node in the map last touched, or empty.
   */
  selection: string;
  /**
   * Keys of the maps from the first to the last one opened; empty means the first map only.
   */
  trail: string[];
  /**
   * Name of the metric that is drawn; empty means the first.
   */
  metric: string;
  /**
   * Which pair the token strip shows.
   */
  prompt: number;
  /**
   * Whether cells that were not measured show what was estimated of them.
   */
  estimates: boolean;
}
/**
 * One labelled setting, such as `model` and `smollm2-135m`.
 */
export interface Fact {
  label: string;
  value: string;
}
/**
 * Everything needed to look at a chart without a kernel.
 */
export interface Figure {
  title: string;
  /**
   * What it shows, in words.
   */
  text: string;
  /**
   * The chart as SVG, drawn from the same numbers; shown as an image, so that no script in it
   * could run. Empty where there is none.
   */
  picture: string;
}
/**
 * What one rule detects by every method. Empty where `message` says why there is nothing.
 */
export interface Findings {
  rule: "sd" | "mad";
  /**
   * The rule in words.
   */
  label: string;
  /**
   * Nodes that any method detects, the most agreed on first.
   */
  nodes: string[];
  /**
   * Over methods, nodes: 0 not detected, 1 positive, 2 negative, 3 not in this method's map.
   */
  signs: ArrayRef;
  /**
   * Over methods, methods: shared detections with one sign, divided by those of either, from 0
   * to 1; NaN where neither detects anything.
   */
  overlap: ArrayRef;
  /**
   * Those with opposite signs first.
   */
  flips: Disagreement[];
  message: string;
}
/**
 * One map. Cell arrays run over metrics, rows, columns; `status` over rows, columns.
 */
export interface Heatmap {
  /**
   * Which map this is: a sweep's name, or the receivers of a path map such as `L20H0.v`.
   */
  key: string;
  /**
   * The question the map answers.
   */
  title: string;
  /**
   * Direction, form, corruption, number of pairs and seed: enough to redo it.
   */
  caption: string;
  rows: Axis;
  columns: Axis;
  /**
   * Written names of cells (row-major index) that do not follow `rows` and `columns`.
   */
  names: {
    [k: string]: string;
  };
  metrics: MetricColumn[];
  /**
   * The number that is coloured; 0 = nothing happened, 1 = moved all the way to the source run,
   * where the metric is normalized.
   */
  value: ArrayRef;
  /**
   * Patched minus base, mean over prompts, in the metric's unit.
   */
  effect: ArrayRef;
  /**
   * Lower end of the 95 % bootstrap interval of `value`.
   */
  low: ArrayRef;
  /**
   * Upper end of the 95 % bootstrap interval of `value`.
   */
  high: ArrayRef;
  /**
   * The metric itself under the patch, mean over prompts.
   */
  patched: ArrayRef;
  /**
   * 0 not measured, 1 measured, 2 zero by identity (the source equals the base there), 3 cannot
   * reach the receiver, 4 no such node (nothing is drawn).
   */
  status: ArrayRef;
  progress: Progress;
  /**
   * What was estimated before anything was measured, if anything was.
   */
  estimate?: Estimates | null;
}
/**
 * One way to measure the map, and where its numbers lie.
 */
export interface MethodLabel {
  /**
   * What tells it from the other methods, such as `gaussian noise at S2 · probability`.
   */
  label: string;
  /**
   * Index into `Comparison.maps`.
   */
  map: number;
  /**
   * Index into the metrics of that map.
   */
  metric: number;
}
/**
 * What one metric says on the two unpatched runs, and how its map is scaled.
 */
export interface MetricColumn {
  name: string;
  label: string;
  unit: "logit" | "nat" | "probability" | "rank" | "share" | "ratio";
  /**
   * Mean over prompts in the run that is patched; the map's 0. Null until it is measured.
   */
  base: number | null;
  /**
   * Mean over prompts in the run the patches come from; the map's 1.
   */
  source: number | null;
  /**
   * Whether `value` is the normalized effect; otherwise it is the effect in `unit`.
   */
  normalized: boolean;
  /**
   * Why the effect is shown instead of the normalized effect; empty where it is not.
   */
  note: string;
  /**
   * What rounding alone does to the metric on one prompt, in `unit`: smaller effects are not told
   * apart from nothing. Null where that was not measured.
   */
  noise_floor?: number | null;
}
/**
 * One prompt pair as the model reads it.
 */
export interface Pair {
  clean: string[];
  corrupted: string[];
  /**
   * Per position: do the two prompts have different tokens there?
   */
  differs: boolean[];
  /**
   * Position to role name; several roles at one position are joined by a comma.
   */
  roles: {
    [k: string]: string;
  };
  answers: string[];
  wrong_answers: string[];
  /**
   * The template or other group the pair comes from; empty where there is none.
   */
  group: string;
  /**
   * Whether the clean run prefers the answer to the wrong answer.
   */
  right: boolean;
}
/**
 * How far the measuring of a map has come.
 */
export interface Progress {
  state: "waiting" | "running" | "done" | "cancelled" | "failed";
  /**
   * Cells that are measured.
   */
  done: number;
  total: number;
  /**
   * Part of the work that is done, from 0 to 1; cells differ in cost.
   */
  share: number;
  seconds_left: number | null;
  /**
   * The error, where `state` is `failed`; otherwise empty.
   */
  message: string;
}
/**
 * Lets an advice rule be silent in this Python session, until `advice.restore`.
 */
export interface SilenceCommand {
  command: "silence";
  rule: string;
}
/**
 * Prompt pairs in study order.
 */
export interface TokenStrip {
  pairs: Pair[];
}

export const SCHEMA_VERSION = 4;
export const MIME_TYPE = "application/vnd.patchwidgets.v1+json";
export const FIGURE_MIME_TYPE = "application/vnd.patchwidgets.figure.v1+json";
