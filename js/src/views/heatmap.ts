import type { Chart } from "../core/chart";
import { freshId, h, setAttributes } from "../core/dom";
import { move } from "../core/keyboard";
import type { Theme } from "../core/theme";
import { cellAt, cornerOf, type Layout, layoutOf, type Measure } from "./heatmap-layout";
import { type Picture, paintMap, paintMarks } from "./heatmap-paint";

/** What a map shows. */
export interface HeatmapProps {
  chart: Chart;
  metric: number;
  /** Whether cells that were not measured show what was estimated of them. */
  estimates: boolean;
  /** Most pixels the map may be wide. */
  room: number;
  /** The selected cell, or -1. */
  selected: number;
  /** Cells that the trail runs through, or that the pointer is on elsewhere. */
  passed: number[];
  theme: Theme;
  /** The end of the colour scale, where maps share one; otherwise this map's own. */
  limit?: number;
  /** Most pixels the cells may be high together, where that is less than usual. */
  tall?: number;
  /** For every cell whether it is detected, as `Sign`. */
  signs?: Uint8Array;
  /** What the map is called, where its title is not enough. */
  label?: string;
  /** What a screen reader says of a cell. */
  describe(cell: number): string;
}

/** What a reader does with a map. */
export interface HeatmapEvents {
  /** The pointer or the keyboard is on a cell; -1 where it has left. */
  hover(cell: number): void;
  select(cell: number): void;
  /** Enter, or a click: `by` says which. */
  open(cell: number, by: "pointer" | "keyboard"): void;
  /** A letter was pressed; returns whether it means anything here. */
  letter(cell: number, letter: string): boolean;
  up(): void;
  escape(): void;
  focus(): void;
}

/** A rectangle in the map's own pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A map of cells on a canvas, which the keyboard and a screen reader see as a grid. */
export class HeatmapView {
  readonly element: HTMLElement;
  private readonly base = h("canvas", { "aria-hidden": "true" });
  private readonly marks = h("canvas", { "aria-hidden": "true" });
  private readonly cell = h("div", { role: "gridcell", "aria-selected": "true" });
  private readonly row = h("div", { role: "row", class: "pw-unseen" }, this.cell);
  private readonly listening = new AbortController();
  private readonly idPrefix = freshId("cell");
  private props: HeatmapProps | null = null;
  private picture: Picture | null = null;
  private hovered = -1;
  private frame = 0;
  private stale = false;
  private spoken = 0;

  constructor(private readonly events: HeatmapEvents) {
    this.element = h(
      "div",
      { class: "pw-grid", role: "grid", tabindex: 0, "data-lm-suppress-shortcuts": "true" },
      this.base,
      this.marks,
      this.row,
    );
    this.listen();
  }

  /** Shows something else in place. */
  update(props: HeatmapProps): void {
    const before = this.props;
    this.props = props;
    const repaint =
      before?.chart !== props.chart ||
      before.metric !== props.metric ||
      before.estimates !== props.estimates ||
      before.room !== props.room ||
      before.limit !== props.limit ||
      before.signs !== props.signs ||
      before.label !== props.label ||
      before.theme !== props.theme;
    if (repaint) this.compose(props);
    if (repaint || before?.selected !== props.selected) this.announce(props);
    this.redraw(repaint);
  }

  /** Puts the keyboard here. */
  focus(): void {
    this.element.focus({ preventScroll: true });
  }

  /** Returns where a cell lies. */
  boxOf(cell: number): Box {
    const layout = this.layout;
    const { x, y } = cornerOf(layout, cell);
    return { x, y, width: layout.cellWidth, height: layout.cellHeight };
  }

  /** What is painted. */
  get shown(): Picture {
    return this.picture as Picture;
  }

  get layout(): Layout {
    return this.shown.layout;
  }

  destroy(): void {
    this.listening.abort();
    cancelAnimationFrame(this.frame);
    this.element.remove();
  }

  private compose(props: HeatmapProps): void {
    const { chart, metric, estimates, theme, signs } = props;
    const { rows, columns, title } = chart.map;
    const layout = layoutOf(
      rows.labels,
      columns.labels,
      props.room,
      this.measure(theme),
      props.tall,
    );
    const drawn = chart.drawn(metric, estimates);
    const limit = props.limit ?? drawn.limit;
    this.picture = { ...drawn, limit, signs, chart, layout, theme };
    setAttributes(this.element, {
      "aria-label": `${props.label ?? title} ${rows.name} by ${columns.name}`,
      "aria-rowcount": chart.height,
      "aria-colcount": chart.width,
    });
    this.element.style.width = `${layout.width}px`;
    this.element.style.height = `${layout.height}px`;
  }

  private announce({ chart, selected, describe }: HeatmapProps): void {
    if (selected < 0) {
      this.cell.textContent = "";
      this.element.removeAttribute("aria-activedescendant");
      return;
    }
    // A screen reader reads the cell again only if the active descendant is another one.
    this.spoken += 1;
    const id = `${this.idPrefix}-${this.spoken}`;
    setAttributes(this.row, { "aria-rowindex": Math.floor(selected / chart.width) + 1 });
    setAttributes(this.cell, { id, "aria-colindex": (selected % chart.width) + 1 });
    this.cell.textContent = describe(selected);
    this.element.setAttribute("aria-activedescendant", id);
  }

  private redraw(everything: boolean): void {
    this.stale ||= everything;
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  private paint(): void {
    const { picture, props } = this;
    if (!picture || !props) return;
    if (this.stale) {
      this.stale = false;
      const pen = penFor(this.base, picture.layout);
      if (pen) paintMap(pen, picture);
    }
    const { selected, passed } = props;
    const pen = penFor(this.marks, picture.layout);
    if (pen) paintMarks(pen, picture, { selected, passed, hovered: this.hovered });
  }

  private measure(theme: Theme): Measure {
    const pen = this.base.getContext("2d");
    if (!pen) return (text) => text.length * 6.5;
    pen.font = `11px ${theme.font}`;
    return (text) => pen.measureText(text).width;
  }

  private listen(): void {
    const { signal } = this.listening;
    const { element, events } = this;
    element.addEventListener("pointermove", (event) => this.hover(this.at(event)), { signal });
    element.addEventListener("pointerleave", () => this.hover(-1), { signal });
    element.addEventListener("click", (event) => this.click(this.at(event)), { signal });
    element.addEventListener("keydown", (event) => this.key(event), { signal });
    element.addEventListener("focus", () => events.focus(), { signal });
    element.addEventListener("blur", () => events.hover(-1), { signal });
  }

  private at(event: MouseEvent): number {
    const { left, top } = this.element.getBoundingClientRect();
    const cell = cellAt(this.layout, event.clientX - left, event.clientY - top);
    return this.props?.chart.exists(cell) ? cell : -1;
  }

  private hover(cell: number): void {
    if (cell === this.hovered) return;
    this.hovered = cell;
    this.events.hover(cell);
    this.redraw(false);
  }

  private click(cell: number): void {
    if (cell < 0) return;
    this.events.select(cell);
    this.events.open(cell, "pointer");
  }

  private key(event: KeyboardEvent): void {
    if (event.altKey || event.metaKey || !this.act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Does what a key asks for; false where it asks for nothing. */
  private act({ key, ctrlKey, shiftKey }: KeyboardEvent): boolean {
    const { events, props } = this;
    if (!props) return false;
    const { selected } = props;
    if (key === "Backspace") events.up();
    else if (key === "Escape") events.escape();
    else if ((key === "Enter" || key === " ") && !ctrlKey && !shiftKey)
      events.open(selected, "keyboard");
    else if (/^[a-z]$/.test(key) && !ctrlKey) return events.letter(selected, key);
    else return this.step(key, ctrlKey, props);
    return true;
  }

  private step(key: string, ctrlKey: boolean, { chart, selected }: HeatmapProps): boolean {
    const from = selected >= 0 ? selected : strongest(this.picture as Picture);
    const to = from < 0 ? null : move(key, ctrlKey, from, chart);
    if (to === null) return false;
    const target = selected >= 0 ? to : from;
    this.events.select(target);
    this.events.hover(target);
    return true;
  }
}

/** The cell that the keyboard starts from: the strongest measured, or else estimated. */
function strongest({ chart, values, estimates }: Picture): number {
  const known = values.some((value) => !Number.isNaN(value)) ? values : estimates;
  let best = -1;
  for (let cell = 0; cell < chart.size; cell++) {
    if (!chart.exists(cell)) continue;
    const size = Math.abs(known[cell] as number);
    if (best < 0 || size > (Math.abs(known[best] as number) || 0)) best = cell;
  }
  return best;
}

function penFor(canvas: HTMLCanvasElement, layout: Layout): CanvasRenderingContext2D | null {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(layout.width * scale);
  const height = Math.round(layout.height * scale);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${layout.width}px`;
    canvas.style.height = `${layout.height}px`;
  }
  const pen = canvas.getContext("2d");
  pen?.setTransform(scale, 0, 0, scale, 0, 0);
  return pen;
}
