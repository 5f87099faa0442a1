import type { Chart } from "../core/chart";
import { isPath } from "../core/circuit";
import { h } from "../core/dom";
import type { Way } from "../core/nodes";
import { pairName } from "../core/pair-map";
import type { Payload } from "../core/payload";
import type { Theme } from "../core/theme";
import { AdviceView } from "./advice";
import { cellFacts } from "./cell-facts";
import { CellPanel } from "./cell-panel";
import { ExplorerCircuit } from "./explorer-circuit";
import { ExplorerDetail } from "./explorer-detail";
import type { Looking } from "./looking";
import { SIDE_WIDTH } from "./map-row";
import { peaksOf } from "./peaks";
import { pinOf } from "./pinning";
import { sizeAt } from "./size";
import { choicesAt, hintAt, toLogits } from "./ways";

const PADDING = 32;
/** Pixels for charts where the page has no width yet, as while an output is out of sight. */
const NARROWEST = 200;

/** Everything the side panel depends on. */
export interface SideProps {
  payload: Payload;
  looking: Looking;
  theme: Theme;
  /** Pixels of the whole explorer. */
  width: number;
  live: boolean;
  /** The map last touched, or another where that is not measured. */
  chart: Chart;
  /** Whether details of the selected cell were asked for. */
  asked: boolean;
}

/** What a reader does in the side panel. */
export interface SideEvents {
  drill(way: Way): void;
  select(cell: number): void;
  choose(node: string): void;
  /** A node or a path. */
  pin(pin: string): void;
  measure(): void;
  stop(): void;
  prompt(prompt: number): void;
  silence(rule: string): void;
  say(text: string): void;
}

/** The selected cell in full, what was pinned, and what to mind. */
export class ExplorerSide {
  private readonly panel: CellPanel;
  private readonly detail: ExplorerDetail;
  private readonly circuit: ExplorerCircuit;
  private readonly advice: AdviceView;
  readonly element: HTMLElement;
  /** What the button for pinning pins; empty for nothing. */
  private offered = "";

  constructor(events: SideEvents) {
    this.panel = new CellPanel(
      (way) => events.drill(way),
      (cell) => events.select(cell),
      () => events.pin(this.offered),
    );
    this.detail = new ExplorerDetail((prompt) => events.prompt(prompt));
    this.circuit = new ExplorerCircuit({
      select: (node) => events.choose(node),
      remove: (node) => events.pin(node),
      measure: () => events.measure(),
      stop: () => events.stop(),
    });
    this.advice = new AdviceView(
      (rule) => events.silence(rule),
      (text) => events.say(text),
    );
    this.element = h(
      "aside",
      { class: "pw-side" },
      this.panel.element,
      this.detail.element,
      this.circuit.element,
      this.advice.element,
    );
  }

  update(props: SideProps): void {
    this.updateCell(props);
    const { payload, looking, theme, width, live } = props;
    this.circuit.update({ payload, looking, theme, width: roomFor(width), live });
    this.advice.update(payload.header.advice, live);
  }

  /** Shows what depends on the selected cell alone. */
  updateCell({ payload, looking, theme, width, live, chart, asked }: SideProps): void {
    const key = looking.active;
    const metric = chart.metricIndex(looking.metric);
    const cell = looking.cellIn(key);
    const about = key === looking.first ? "" : key.slice(looking.prefix.length);
    this.offered = pinOf(payload, looking, chart, cell);
    this.panel.update({
      facts: cell < 0 ? null : cellFacts(chart, metric, cell, looking.estimates),
      receiver: about,
      choices:
        cell < 0
          ? toLogits(payload, looking, live)
          : choicesAt(payload, looking, live, chart, cell),
      pinned: this.offered ? looking.pins.includes(this.offered) : null,
      path: isPath(this.offered),
      peaks: peaksOf(chart, metric, theme.palette, looking.estimates),
      peaksOf: `Strongest ${about ? `into ${about}` : "cells"}${onPair(chart)}`,
      hint: hintAt(payload, chart, cell),
    });
    const detail = payload.details.find(
      ({ header }) => header.map === key && header.node === looking.selection,
    );
    this.detail.update({
      detail: (cell >= 0 && detail) || null,
      asked: cell >= 0 && asked,
      metric: looking.metric,
      pairs: looking.strip.pairs,
      prompt: looking.prompt,
      room: roomFor(width),
      theme,
    });
  }

  destroy(): void {
    this.detail.destroy();
    this.circuit.destroy();
  }
}

/** Returns the pair that numbers are of, where they are no means. */
function onPair({ pair }: Chart): string {
  return pair ? ` on ${pairName(pair.prompt)}` : "";
}

function roomFor(width: number): number {
  return Math.max(NARROWEST, (sizeAt(width) === "wide" ? SIDE_WIDTH : width) - PADDING);
}
