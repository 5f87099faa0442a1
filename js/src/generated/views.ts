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
  /**
   * How the maps were measured, the first setting first; empty where there is one and no other
   * can be chosen. Keys of maps begin with those of a setting.
   */
  settings?: Setting[];
  /**
   * What was asked of single cells: effects on every pair, and attention patterns.
   */
  details?: Detail[];
  /**
   * The maps on single pairs that were chosen; others have to be asked for.
   */
  pair_maps?: PairMap[];
  circuit?: Circuit | null;
  /**
   * Key of the setting in which `circuit` was measured; payloads of before do not say it.
   */
  circuit_setting?: string | null;
  /**
   * One first map in all the settings that were measured, side by side; null where nobody asked
   * for it.
   */
  comparison?: Comparison | null;
  /**
   * Key of the tab that is compared; empty for none.
   */
  compared?: string;
  /**
   * What a kernel was asked for with a limit of time, and did not measure for that.
   */
  doubts?: Doubt[];
  /**
   * What there is to choose from; null where one first map is shown and no study is behind it.
   */
  offers?: Offers | null;
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
 * One map of numbers that may come from anywhere.
 */
export interface ArrayMap {
  /**
   * Which view draws this.
   */
  view: "heatmap";
  title: string;
  /**
   * The map. A list, because whatever is shown has a list of maps.
   *
   * @minItems 1
   * @maxItems 1
   */
  maps: [Heatmap, ...Heatmap[]];
}
/**
 * What the reader has chosen.
 */
export interface ArrayMapState {
  /**
   * Name of the selected cell, such as `L9H6`, or empty.
   */
  selection: string;
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
 * One of the runs beside each other.
 */
export interface AttendingRun {
  name: "clean" | "corrupted" | "patched";
  /**
   * What is run, such as `L17H4 -> L20H0.k` for the patched one.
   */
  label: string;
}
/**
 * The attention pattern of one head on one prompt pair, or the mean over several.
 */
export interface Attention {
  view: "attention";
  /**
   * Written name of the head.
   */
  node: string;
  title: string;
  /**
   * Which prompts, and what is patched: enough to redo it.
   */
  caption: string;
  /**
   * Which pair; null for a mean over pairs.
   */
  prompt: number | null;
  /**
   * Which of the unpatched runs is the one that is patched.
   */
  base: "clean" | "corrupted";
  /**
   * All positions that are attended to, in order.
   *
   * @minItems 1
   */
  places: [Place, ...Place[]];
  /**
   * @minItems 1
   */
  runs: [AttendingRun, ...AttendingRun[]];
  /**
   * Positions that attend whose numbers are here: all of them, or of long prompts those with a
   * role.
   *
   * @minItems 1
   */
  destinations: [number, ...number[]];
  /**
   * Over runs, destinations, places: the share of its attention, 0 = none, 1 = all.
   */
  weights: ArrayRef;
  /**
   * The position that attends which is shown at first: the last one.
   */
  destination: number;
  /**
   * What to know of it in words: why a patch changes nothing here, or could not be applied;
   * otherwise empty.
   */
  note: string;
  /**
   * Python that measures it again.
   */
  code: string;
}
/**
 * What the reader has chosen.
 */
export interface AttentionState {
  /**
   * Written name of the head; empty means the one that is shown.
   */
  selection: string;
  /**
   * Which pair; without meaning where a mean is shown.
   */
  prompt: number;
  /**
   * The position that attends; -1 means `Attention.destination`.
   */
  destination: number;
  /**
   * Whether all destinations are shown, as a map.
   */
  matrix: boolean;
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
 * Stops the measuring of the map `key`, or of the `circuit`; what was measured stays.
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
 * Asks how much of the behaviour some nodes carry; answered by a circuit.
 */
export interface CircuitCommand {
  command: "circuit";
  nodes: string[];
  /**
   * Paths between them, which are drawn.
   */
  paths: string[];
  /**
   * Key of the setting in which it is measured; empty for the first.
   */
  setting: string;
  /**
   * Where it takes more seconds, it is only said how many; 0 for no limit.
   */
  limit: number;
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
 * Asks for one first map in all the settings that were measured; nothing is measured for it.
 */
export interface CompareCommand {
  command: "compare";
  /**
   * Key of an offered tab.
   */
  tab: string;
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
 * One cell of one map: what it does to every pair, and what its head attends to.
 */
export interface Detail {
  /**
   * Key of the map.
   */
  map: string;
  /**
   * Written name of the cell.
   */
  node: string;
  /**
   * The pair on which the patterns are.
   */
  prompt: number;
  effects: PromptEffects;
  /**
   * Of the heads that the cell is about; empty where `note` says why.
   */
  patterns: Attention[];
  /**
   * Why there is no pattern; empty where there is one.
   */
  note: string;
}
/**
 * Asks for everything there is to know of one cell; answered by a new detail.
 */
export interface DetailCommand {
  command: "detail";
  /**
   * Key of the map.
   */
  map: string;
  /**
   * Written name of the cell.
   */
  node: string;
  /**
   * The pair on which attention patterns are wanted.
   */
  prompt: number;
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
 * Something that takes longer than the reader would like, and was not begun for that.
 */
export interface Doubt {
  /**
   * Of the map that would be measured; of a circuit its setting, `circuit` and its nodes.
   */
  key: string;
  /**
   * How long it takes, in words.
   */
  cost: string;
  seconds: number;
}
/**
 * What a map would be under one draw of the corruption, as it is the mean over several.
 *
 * Arrays are over metrics, rows, columns, on the scale of `Heatmap.value`.
 */
export interface Draws {
  /**
   * How many draws every prompt has.
   */
  count: number;
  /**
   * The smallest of the draws' means over prompts.
   */
  low: ArrayRef;
  /**
   * The largest.
   */
  high: ArrayRef;
  /**
   * Their standard deviation (ddof 1).
   */
  sd: ArrayRef;
}
/**
 * Asks for a path map; answered by a new map.
 */
export interface DrillCommand {
  command: "drill";
  /**
   * Where the paths end, such as `L20H0.v`; several are joined by a comma.
   */
  receiver: string;
  /**
   * Where the paths begin instead, such as `L20H0`: then they end at every receiver.
   */
  sender: string;
  /**
   * Key of the setting in which it is measured; empty for the first.
   */
  setting: string;
  /**
   * Which nodes are frozen on the way; empty for `pinned`.
   */
  form: string;
  /**
   * Where it takes more seconds, it is only said how many; 0 for no limit.
   */
  limit: number;
}
/**
 * What one metric says of all pairs together, in its own unit; null where nothing is known.
 */
export interface EffectSummary {
  mean: number | null;
  /**
   * Lower end of the 95 % bootstrap interval of the mean.
   */
  low: number | null;
  /**
   * Upper end of it.
   */
  high: number | null;
  /**
   * Pairs whose effect is above 0.
   */
  positive: number;
  /**
   * Pairs whose effect is below 0.
   */
  negative: number;
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
   * Keys of the maps from the first to the last one opened; empty means the first map only. The
   * first key may be of a map that is not measured yet.
   */
  trail: string[];
  /**
   * Name of the metric that is drawn; empty means the first.
   */
  metric: string;
  /**
   * Which pair the token strip shows, and attention patterns are on.
   */
  prompt: number;
  /**
   * Whether the maps show that pair alone; otherwise they show the mean over all pairs.
   */
  alone: boolean;
  /**
   * Whether cells that were not measured show what was estimated of them.
   */
  estimates: boolean;
  /**
   * Form of the path maps that are opened next; empty means `pinned`.
   */
  form: string;
  /**
   * Nodes that were pinned into a circuit, and paths between them.
   */
  pins: string[];
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
  rule: "sd" | "mad" | "max_t" | "bh";
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
   * Patched minus base, mean over prompts, in the metric's unit, where cells are patches.
   */
  effect?: ArrayRef | null;
  /**
   * Lower end of the 95 % bootstrap interval of `value`, where there are intervals.
   */
  low?: ArrayRef | null;
  /**
   * Upper end of the 95 % bootstrap interval of `value`.
   */
  high?: ArrayRef | null;
  /**
   * The metric itself under the patch, mean over prompts, where cells are patches.
   */
  patched?: ArrayRef | null;
  /**
   * 0 not measured, 1 measured, 2 zero by identity (the source equals the base there), 3 cannot
   * reach the receiver, 4 no such node (nothing is drawn).
   */
  status: ArrayRef;
  progress: Progress;
  /**
   * Python that measures it on its study; empty where that is not known.
   */
  call?: string;
  /**
   * What was estimated before anything was measured, if anything was.
   */
  estimate?: Estimates | null;
  /**
   * How far the draws of the corruption differ, where there are several.
   */
  draws?: Draws | null;
  /**
   * The end of the colour scale; by default the largest absolute value.
   */
  limit?: number | null;
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
  /**
   * `none` where the numbers are no effects in a unit: those of somebody's own array.
   */
  unit: ("logit" | "nat" | "probability" | "rank" | "share" | "ratio") | "none";
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
  /**
   * What is coloured, where that is not the effect of a patch, such as `attention`.
   */
  quantity?: string;
}
/**
 * The number that was asked for.
 */
export interface NumberAnswer {
  value: number;
  /**
   * How far from it an answer may be.
   */
  within: number;
  /**
   * What is said of it once it was found.
   */
  response: string;
}
/**
 * What can be looked at, here or by asking a kernel; what is chosen first comes first.
 */
export interface Offers {
  tabs: Tab[];
  directions: Option[];
  corruptions: Option[];
  metrics: Option[];
  forms: Option[];
}
/**
 * Something to choose: what is sent, and what is read.
 */
export interface Option {
  value: string;
  label: string;
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
 * Asks for a map on one prompt pair; answered by a new map of that pair.
 */
export interface PairCommand {
  command: "pair";
  /**
   * Key of the map over all pairs.
   */
  map: string;
  /**
   * Which pair, from 0.
   */
  prompt: number;
}
/**
 * What the patches of one map do to one pair. Arrays run over metrics, rows, columns.
 *
 * Intervals are of means over pairs, so that there are none.
 */
export interface PairMap {
  /**
   * Key of the map, which says its rows and columns.
   */
  map: string;
  /**
   * Which pair, from 0.
   */
  prompt: number;
  /**
   * As that of the map, of this pair.
   */
  caption: string;
  /**
   * As those of the map; `base` and `source` are of this pair, and so is whether their gap is
   * large enough to divide by.
   */
  metrics: MetricColumn[];
  /**
   * Patched minus base on this pair, in the metric's unit; NaN where it was not measured.
   */
  effect: ArrayRef;
  /**
   * As in the map, on this pair; over rows, columns.
   */
  status: ArrayRef;
  /**
   * What was estimated of this pair, if anything was.
   */
  estimate?: Estimates | null;
}
/**
 * One token position of the prompts that are shown.
 */
export interface Place {
  /**
   * Its token in the clean prompt; empty where the prompts of a mean have several.
   */
  clean: string;
  /**
   * The same of the corrupted prompt.
   */
  corrupted: string;
  /**
   * Whether the two runs are given something different here.
   */
  differs: boolean;
  /**
   * Several roles at one position are joined by a comma; empty where there is none.
   */
  role: string;
}
/**
 * One node of a map, or one explanation.
 */
export interface PossibleAnswer {
  /**
   * What the reader picks: the written name of a node, or the explanation.
   */
  text: string;
  right: boolean;
  /**
   * What is said of it once it was given: what was measured, or what the teacher wrote.
   */
  response: string;
  /**
   * Where it lies on the map, row by row; null for an explanation.
   */
  cell: number | null;
  /**
   * From -1 to 1: its effect against the largest of the map; null where nothing was measured.
   */
  share: number | null;
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
 * The effect of one patch on every prompt pair. Arrays run over metrics, pairs.
 */
export interface PromptEffects {
  view: "prompt_effects";
  /**
   * Written name of what is patched, or of the sender of a path.
   */
  node: string;
  title: string;
  /**
   * Direction, form, corruption, number of pairs and seed: enough to redo it.
   */
  caption: string;
  /**
   * Names of the base run and of the source run: `corrupted` and `clean` when denoising.
   *
   * @minItems 2
   * @maxItems 2
   */
  runs: [string, string, ...string[]];
  /**
   * `base` and `source` are the means over pairs.
   *
   * @minItems 1
   */
  metrics: [MetricColumn, ...MetricColumn[]];
  /**
   * One for every metric.
   */
  summaries: EffectSummary[];
  /**
   * Patched minus base of every pair, in the metric's unit; NaN where it was not measured.
   */
  effect: ArrayRef;
  /**
   * The metric in the run that is patched.
   */
  base: ArrayRef;
  /**
   * The metric in the run that the patches come from.
   */
  source: ArrayRef;
  /**
   * Why there are no effects, or what is special about them; otherwise empty.
   */
  note: string;
  /**
   * The pairs; empty where they stand elsewhere in the payload.
   */
  strip: TokenStrip;
  /**
   * Python that gives these numbers.
   */
  code: string;
}
/**
 * What the reader has chosen.
 */
export interface PromptEffectsState {
  /**
   * Written name of the node; empty means the one that is shown.
   */
  selection: string;
  /**
   * Name of the metric that is drawn; empty means the first.
   */
  metric: string;
  /**
   * Which pair is marked.
   */
  prompt: number;
  /**
   * Whether every group of prompts has a row of its own.
   */
  grouped: boolean;
}
/**
 * A token strip without anything around it.
 */
export interface Prompts {
  view: "prompts";
  title: string;
  caption: string;
  strip: TokenStrip;
  /**
   * Python that makes the pairs again.
   */
  code: string;
}
/**
 * What the reader has chosen.
 */
export interface PromptsState {
  /**
   * Which pair is shown.
   */
  prompt: number;
}
/**
 * Everything needed to ask and to answer without a kernel.
 */
export interface Question {
  view: "question";
  /**
   * The question.
   */
  title: string;
  kind: "node" | "number" | "choice";
  /**
   * Of the kernel that asked; questions of one session keep one score.
   */
  session: string;
  /**
   * Which question of the session this is.
   */
  id: string;
  /**
   * Why no answer can be checked yet, as a sentence; empty where it can.
   */
  waiting: string;
  /**
   * Labels of the map's rows; empty where no node is asked for.
   */
  rows: string[];
  columns: string[];
  /**
   * Empty where a number is asked for, and explanations alone while waiting.
   */
  answers: PossibleAnswer[];
  number: NumberAnswer | null;
  /**
   * What is shown to a reader who asks for the answer.
   */
  solution: string;
  /**
   * What is said after a right answer and beside the solution.
   */
  because: string;
  hints: string[];
  /**
   * What was answered so far, as the reader wrote it.
   */
  given: string[];
  /**
   * How many hints the reader asked for; a wrong answer gives one too.
   */
  hinted: number;
  /**
   * How many answers were given when the solution was shown; -1 where it was not.
   */
  shown: number;
  /**
   * All questions of the session so far, in the order in which they were asked.
   */
  steps: QuestionStep[];
}
/**
 * What the reader has answered.
 */
export interface QuestionState {
  given: string[];
  hinted: number;
  shown: number;
}
/**
 * How one question of the notebook stands.
 */
export interface QuestionStep {
  id: string;
  /**
   * `right`: answered right before the answer was shown. `shown`: the answer was shown first.
   */
  state: "open" | "right" | "shown";
}
/**
 * One way in which maps were measured: a direction, a corruption and the metrics read.
 */
export interface Setting {
  /**
   * What the keys of its maps begin with; empty for the first.
   */
  key: string;
  direction: string;
  /**
   * Its name and site, such as `token_replacement at S2`.
   */
  corruption: string;
  metrics: string[];
  facts: Fact[];
  /**
   * Its prompt pairs; null where they are those of the first.
   */
  strip: TokenStrip | null;
  /**
   * Python that makes its study again.
   */
  code: string;
}
/**
 * Lets an advice rule be silent in this Python session, until `advice.restore`.
 */
export interface SilenceCommand {
  command: "silence";
  rule: string;
}
/**
 * Asks for a first map, in a setting; answered by a new map.
 */
export interface SweepCommand {
  command: "sweep";
  /**
   * Key of one of the offered tabs.
   */
  tab: string;
  direction: string;
  corruption: string;
  metrics: string[];
  /**
   * Whether to stop what is being measured first; otherwise this waits for it.
   */
  now: boolean;
}
/**
 * A first map that can be asked for, and what it takes.
 */
export interface Tab {
  /**
   * Of its map, after the key of a setting.
   */
  key: string;
  /**
   * What the tab says; several maps may be behind one.
   */
  group: string;
  /**
   * Which of the maps behind its tab it is.
   */
  label: string;
  /**
   * Python that measures it, for readers without a kernel.
   */
  code: string;
  /**
   * How long it takes in the first setting, in words; empty where that is not known.
   */
  cost: string;
  /**
   * The same as a number.
   */
  seconds: number | null;
  /**
   * What it takes in the other settings that were opened.
   */
  elsewhere?: TabCost[];
  /**
   * What it patches, in words; empty in payloads that tell the maps of a tab by `label` alone.
   */
  site?: string;
  /**
   * Neighbouring layers that are patched together.
   */
  window?: number;
  /**
   * Which positions are patched together, in words.
   */
  positions?: string;
}
/**
 * What a first map takes in a setting that is not the first.
 */
export interface TabCost {
  /**
   * Key of the setting.
   */
  setting: string;
  cost: string;
  seconds: number;
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
