import type { Chart } from "../core/chart";
import type { Way } from "../core/nodes";
import type { Payload } from "../core/payload";
import { cellFacts } from "./cell-facts";
import { type Choice, DrillMenu } from "./drill-choice";
import type { Box } from "./heatmap";
import type { Looking } from "./looking";
import { pinOf } from "./pinning";
import { Tooltip } from "./tooltip";
import { choicesAt, hintAt, toLogits } from "./ways";

/** What is pointed at, as it is now. */
export interface Pointed {
  payload: Payload;
  looking: Looking;
  live: boolean;
  chart: Chart;
}

/** What a reader's pointing leads to. */
export interface Pointers {
  at: (key: string) => Pointed;
  /** Where a cell is seen; null where it is not. */
  boxOf: (key: string, cell: number) => Box | null;
  drill: (key: string, way: Way) => void;
  /** As `drill`, from the map that is active. */
  pick: (way: Way) => void;
  /** Pins a node or a path, or takes it away. */
  pin: (pin: string) => void;
  /** Takes the focus back from the menu. */
  back: () => void;
  say: (text: string) => void;
}

/** The tooltip of a cell, the menu of ways on from it, and the letters that take them. */
export class Pointing {
  readonly tooltip = new Tooltip();
  readonly menu: DrillMenu;

  constructor(
    private readonly pointers: Pointers,
    signal: AbortSignal,
  ) {
    this.menu = new DrillMenu(pointers.pick, pointers.back, signal);
  }

  /** Shows what is known of a cell; of none where it is below 0. */
  hover(key: string, cell: number): void {
    const box = cell < 0 || this.menu.open ? null : this.pointers.boxOf(key, cell);
    if (!box) {
      this.tooltip.hide();
      return;
    }
    const { payload, looking, chart } = this.pointers.at(key);
    const facts = cellFacts(chart, chart.metricIndex(looking.metric), cell, looking.estimates);
    this.tooltip.show(facts, hintAt(payload, chart, cell), box);
  }

  /** Asks which way to go on from a node. */
  offer(key: string, cell: number, byKeyboard: boolean): void {
    const { payload, chart } = this.pointers.at(key);
    const choices = this.choicesAt(key, cell);
    const box = this.pointers.boxOf(key, cell);
    if (!choices.length || !box) {
      if (byKeyboard && cell >= 0) this.pointers.say(hintAt(payload, chart, cell));
      return;
    }
    this.tooltip.hide();
    this.menu.show(chart.nameOf(cell), choices, box, byKeyboard);
  }

  /** Takes the way that a letter names, or pins; returns whether the letter names anything. */
  letter(key: string, cell: number, letter: string): boolean {
    const { payload, looking, live, chart } = this.pointers.at(key);
    const pin = letter === "p" && pinOf(payload, looking, chart, cell);
    if (pin) {
      this.pointers.pin(pin);
      return true;
    }
    const choices = [...this.choicesAt(key, cell), ...toLogits(payload, looking, live)];
    const choice = choices.find(({ way }) => way.letter === letter);
    if (choice) this.pointers.drill(key, choice.way);
    return choice !== undefined;
  }

  hide(): void {
    this.tooltip.hide();
    this.menu.hide();
  }

  private choicesAt(key: string, cell: number): Choice[] {
    const { payload, looking, live, chart } = this.pointers.at(key);
    return choicesAt(payload, looking, live, chart, cell);
  }
}
