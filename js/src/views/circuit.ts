import { isPinned } from "../core/circuit";
import { button, fill, h } from "../core/dom";
import { timeLeft } from "../core/format";
import type { Theme } from "../core/theme";
import type { Circuit, CircuitMetric } from "../generated/views";
import { CurveView } from "./circuit-curve";
import { CircuitGraph, type GraphEvents } from "./circuit-graph";
import { type SvgSheet, saveButtons } from "./picture-save";

/** What is drawn of a circuit. */
export interface CircuitProps {
  circuit: Circuit;
  /** Written name of the selected node, or empty. */
  selected: string;
  theme: Theme;
  /** Pixels across. */
  width: number;
  /** Name of the metric that is shown; the first where it is not known. */
  metric?: string;
  /** Paths that were measured between the nodes and are not pinned. */
  unpinned?: ReadonlySet<string>;
}

/** A circuit as a graph, what it carries in words, and the curve over its size. */
export class CircuitView {
  private readonly graph: CircuitGraph;
  private readonly empty = h(
    "div",
    { class: "pw-muted" },
    "Nothing is pinned yet. Pin heads and MLPs to see how much of the behaviour they carry.",
  );
  private readonly chosen = h("div", { class: "pw-circuit-chosen" });
  private readonly words = h("div", { class: "pw-circuit-words" });
  private readonly curve = new CurveView();
  private readonly save = saveButtons(() => this.sheet);
  private readonly choices = h("details", { class: "pw-circuit-choices" });
  readonly element: HTMLElement;
  private props: CircuitProps | null = null;

  /** @param events Hears of a node that is selected, and of one that is to be removed. */
  constructor(private readonly events: GraphEvents) {
    this.graph = new CircuitGraph(events);
    this.element = h(
      "section",
      { class: "pw-circuit" },
      this.empty,
      this.graph.element,
      this.chosen,
      this.words,
      this.curve.element,
      this.save,
      this.choices,
    );
  }

  update(props: CircuitProps): void {
    this.props = props;
    const { circuit, selected, theme, width, unpinned } = props;
    const metric = this.shown;
    this.empty.hidden = circuit.nodes.length > 0;
    this.graph.element.hidden = !circuit.nodes.length;
    this.save.hidden = !circuit.nodes.length;
    this.graph.update({ circuit, selected, theme, width, unpinned });
    this.showChosen(circuit, selected);
    fill(this.words, ...sentencesOf(circuit, metric));
    this.curve.update(metric, circuit.size, width);
    this.showChoices(circuit);
  }

  /** Puts the keyboard on a node. */
  focus(node: string): void {
    this.graph.focus(node);
  }

  /** What is saved: the circuit as it is seen; nothing where nothing is drawn. */
  get sheet(): SvgSheet | null {
    const { graph, curve, props, shown } = this;
    if (!props || !graph.drawn) return null;
    const { circuit, theme } = props;
    const words = (shown?.words ?? []).join(" ");
    const below = curve.drawn ? [curve.drawn, curve.says] : [];
    const parts = [graph.drawn, graph.says, words, ...below, captionOf(circuit, shown)];
    return { name: "circuit", title: circuit.title, theme, parts };
  }

  destroy(): void {
    this.graph.destroy();
    this.element.remove();
  }

  private get shown(): CircuitMetric | null {
    const { metrics = [] } = this.props?.circuit ?? {};
    return metrics.find(({ name }) => name === this.props?.metric) ?? metrics[0] ?? null;
  }

  private showChosen({ nodes }: Circuit, selected: string): void {
    const node = nodes.find(({ name }) => name === selected);
    const remove = this.events.remove;
    this.chosen.hidden = !(node && remove && isPinned(node));
    fill(
      this.chosen,
      node &&
        remove &&
        button({ class: "pw-button" }, () => remove(node.name), `Remove ${node.label}`),
    );
  }

  private showChoices({ choices, remarks }: Circuit): void {
    this.choices.hidden = !choices.length;
    fill(
      this.choices,
      h("summary", {}, "How it was measured"),
      h(
        "dl",
        {},
        ...choices.flatMap(({ label, value }) => [h("dt", {}, label), h("dd", {}, value)]),
      ),
      ...remarks.map((remark) => h("p", {}, remark)),
    );
  }
}

function sentencesOf(circuit: Circuit, metric: CircuitMetric | null): HTMLElement[] {
  const { nodes, progress } = circuit;
  if (!nodes.length) return [];
  const state = progress && stateOf(circuit);
  const words = metric?.words ?? [];
  return [
    ...words.map((sentence, index) =>
      h("p", { class: index ? "" : "pw-circuit-lead" }, sentence.replaceAll(" %", "\u00a0%")),
    ),
    ...(state ? [h("p", { class: "pw-muted" }, state)] : []),
    ...(words.length || state
      ? []
      : [h("p", { class: "pw-muted" }, "How much it carries is not measured.")]),
  ];
}

/** Returns what a reader needs to redo a circuit. */
function captionOf(circuit: Circuit, metric: CircuitMetric | null): string {
  const parts = [
    ...circuit.facts.map(({ label, value }) => `${label} ${value}`),
    metric && `metric ${metric.label}`,
    stateOf(circuit),
    ...circuit.remarks,
  ];
  return parts.filter(Boolean).join(" · ");
}

/** Returns how far the measuring has come; nothing once it is done. */
function stateOf({ progress }: Circuit): string {
  if (!progress) return "";
  const { state, done, total, seconds_left, message } = progress;
  const part = `${done} of ${total} runs`;
  const left = timeLeft(seconds_left);
  switch (state) {
    case "waiting":
      return "waiting for the model";
    case "running":
      return left ? `measuring ${part} · ${left}` : `measuring ${part}`;
    case "cancelled":
      return `stopped after ${part}; the rest is not measured`;
    case "failed":
      return `failed after ${part}: ${message}`;
    default:
      return "";
  }
}
