import { type AttentionPayload, destinationOf, placeLabel } from "../core/attention";
import { fill, h } from "../core/dom";
import type { Theme } from "../core/theme";
import type { AttentionState, Place } from "../generated/views";
import { AttentionBars } from "./attention-bars";
import { AttentionMatrix } from "./attention-matrix";
import { Switch } from "./switch";

/** What an attention panel shows. */
export interface AttentionProps {
  attention: AttentionPayload;
  /** The position that attends; -1 for the one the payload names. */
  destination: number;
  /** Whether all destinations are shown, as a map. */
  matrix: boolean;
  /** Most pixels it may be wide. */
  room: number;
  theme: Theme;
}

/** What one head attends to: bars of one destination, or maps of all. Has no state of its own. */
export class AttentionPanel {
  private readonly title = h("div", { class: "pw-subtitle" });
  private readonly from = h("select", {
    class: "pw-select",
    "aria-label": "token that attends",
    "data-lm-suppress-shortcuts": "true",
  });
  private readonly as = new Switch<"bars" | "matrix">(
    "as",
    [
      ["bars", "bars"],
      ["matrix", "all tokens"],
    ],
    (name) => this.chosen({ matrix: name === "matrix" }),
  );
  private readonly bars = new AttentionBars((destination) => this.chosen({ destination }));
  private readonly matrix = new AttentionMatrix((destination) => this.chosen({ destination }));
  private readonly note = h("div", { class: "pw-remark" });
  private readonly caption = h("div", { class: "pw-muted pw-caption" });
  readonly element = h(
    "section",
    { class: "pw-attention", "aria-label": "attention pattern" },
    this.title,
    h(
      "div",
      { class: "pw-attention-ways" },
      h("label", {}, h("span", { class: "pw-muted" }, "from "), this.from),
      this.as.element,
    ),
    this.bars.element,
    this.matrix.element,
    this.note,
    this.caption,
  );
  private listed: AttentionPayload | null = null;

  /** @param chosen Told which destination, or which way to show it, the reader has chosen. */
  constructor(
    private readonly chosen: (
      change: Partial<Pick<AttentionState, "destination" | "matrix">>,
    ) => void,
  ) {
    this.from.onchange = () => chosen({ destination: Number(this.from.value) });
  }

  update({ attention, destination, matrix, room, theme }: AttentionProps): void {
    const { header } = attention;
    const from = destinationOf(attention, destination);
    this.title.textContent = header.title;
    this.list(attention);
    this.from.value = String(from);
    this.as.update(matrix ? "matrix" : "bars");
    this.bars.element.hidden = matrix;
    this.matrix.element.hidden = !matrix;
    if (matrix) this.matrix.update(attention, from, room, theme);
    else this.bars.update(attention, from);
    this.note.textContent = header.note;
    this.note.hidden = !header.note;
    const patched = header.runs.find(({ name }) => name === "patched");
    const before = patched && !matrix ? ` · a line in a bar: the ${header.base} run` : "";
    this.caption.textContent = `${header.caption}${before}`;
  }

  destroy(): void {
    this.matrix.destroy();
    this.element.remove();
  }

  private list(attention: AttentionPayload): void {
    if (this.listed === attention) return;
    this.listed = attention;
    const { destinations, places } = attention.header;
    const option = (at: number) =>
      h("option", { value: at }, `${at}: ${placeLabel(places[at] as Place)}`);
    fill(this.from, ...destinations.map(option));
  }
}
