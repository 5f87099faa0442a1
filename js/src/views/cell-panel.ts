import { button, fill, h } from "../core/dom";
import { signed } from "../core/format";
import type { Way } from "../core/nodes";
import type { CellFacts } from "./cell-facts";
import { type Choice, choiceButtons } from "./drill-choice";

/** A cell worth looking at. */
export interface Peak {
  cell: number;
  name: string;
  value: number;
  color: string;
}

/** What the panel beside the maps shows. */
export interface CellPanelProps {
  facts: CellFacts | null;
  /** What the selected node sends to, in a path map. */
  receiver: string;
  choices: Choice[];
  /** Whether the node or the path is pinned; null where it cannot be. */
  pinned: boolean | null;
  /** Whether that is a path. */
  path: boolean;
  peaks: Peak[];
  /** What those peaks are. */
  peaksOf: string;
  /** Why the node cannot be opened; otherwise empty. */
  hint: string;
}

/** The selected cell in full, the ways on from it, and the strongest cells of its map. */
export class CellPanel {
  private readonly cell = h("section", { class: "pw-cell" });
  private readonly ways = h("div", { class: "pw-ways" });
  private readonly peaks = h("section", { class: "pw-peaks" });
  readonly element = h("div", { class: "pw-panel" }, this.cell, this.ways, this.peaks);
  private shown = "";

  constructor(
    private readonly drill: (way: Way) => void,
    private readonly select: (cell: number) => void,
    private readonly pin: () => void,
  ) {}

  update(props: CellPanelProps): void {
    // Focus stays on a button while maps stream in.
    const written = JSON.stringify(props);
    if (written === this.shown) return;
    this.shown = written;
    this.showCell(props);
    this.showWays(props);
    this.showPeaks(props);
  }

  private showCell({ facts, receiver }: CellPanelProps): void {
    if (!facts) {
      const hint = "Click a cell, or focus a map and press an arrow key.";
      fill(this.cell, h("div", { class: "pw-muted" }, hint));
      return;
    }
    fill(
      this.cell,
      h(
        "div",
        { class: "pw-cell-name", role: "heading", "aria-level": 3 },
        receiver ? `${facts.name} → ${receiver}` : facts.name,
        h("span", { class: "pw-muted" }, ` ${facts.kind}`),
      ),
      ...facts.lines.map(({ label, value, note }) =>
        h(
          "div",
          { class: "pw-line" },
          h("span", { class: "pw-muted" }, label),
          h("span", {}, h("b", {}, value), note && h("span", { class: "pw-muted" }, `  ${note}`)),
        ),
      ),
      facts.remark && h("div", { class: "pw-remark" }, facts.remark),
    );
  }

  private showWays({ facts, choices, hint, pinned, path }: CellPanelProps): void {
    const title = facts && choices.length ? `What feeds ${facts.name}?` : "";
    const label = pinned
      ? `Take ${path ? "this path" : "it"} from the circuit`
      : `Pin ${path ? "this path " : ""}into the circuit`;
    fill(
      this.ways,
      title && h("div", { class: "pw-subtitle" }, title),
      ...choiceButtons(choices, null, (way) => this.drill(way)),
      hint && h("div", { class: "pw-muted" }, hint),
      pinned !== null &&
        button(
          { class: "pw-choice pw-pin", "aria-pressed": String(pinned) },
          () => this.pin(),
          h("b", {}, "p"),
          h("span", {}, ` ${label}`),
        ),
    );
  }

  private showPeaks({ peaks, peaksOf }: CellPanelProps): void {
    this.peaks.hidden = !peaks.length;
    const list = (sign: 1 | -1) =>
      peaks.filter(({ value }) => Math.sign(value) === sign).map((peak) => this.peak(peak));
    fill(
      this.peaks,
      h("div", { class: "pw-subtitle" }, peaksOf),
      h("div", { class: "pw-peak-lists" }, h("div", {}, ...list(1)), h("div", {}, ...list(-1))),
    );
  }

  private peak({ cell, name, value, color }: Peak): HTMLElement {
    const swatch = h("i", { class: "pw-swatch" });
    swatch.style.background = color;
    return button(
      { class: "pw-peak" },
      () => this.select(cell),
      swatch,
      h("span", {}, name),
      h("b", {}, signed(value)),
    );
  }
}
