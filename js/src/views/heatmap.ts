import type { Drawn } from "../core/chart";
import { freshId, h, setAttributes } from "../core/dom";
import { HeatmapCanvas } from "./heatmap-canvas";
import { keyPressed } from "./heatmap-keys";
import { cellAt, cornerOf, type Layout, layoutOf } from "./heatmap-layout";
import type { Picture } from "./heatmap-paint";
import { followPointer } from "./heatmap-pointer";
import type { Box, HeatmapEvents, HeatmapProps } from "./heatmap-props";
import { type Limits, limitOn, type Scale, scalesOf } from "./heatmap-scale";
import { HeatmapTools } from "./heatmap-tools";
import { type Part, pulled, revealing, WHOLE, zoomed } from "./heatmap-zoom";
import { isFullScreen } from "./screen";

export type { Box, HeatmapEvents, HeatmapProps } from "./heatmap-props";

/** Pixels of a whole screen that are not for cells: title, labels, legend, what stands around. */
const AROUND = 300;

/** A map of cells on a canvas, which the keyboard and a screen reader see as a grid. */
export class HeatmapView {
  readonly element: HTMLElement;
  private readonly grid: HTMLElement;
  private readonly canvas = new HeatmapCanvas();
  private readonly cell = h("div", { role: "gridcell", "aria-selected": "true" });
  private readonly row = h("div", { role: "row", class: "pw-unseen" }, this.cell);
  private readonly tools: HeatmapTools;
  private readonly listening = new AbortController();
  private readonly idPrefix = freshId("cell");
  private props: HeatmapProps | null = null;
  private drawn: Drawn | null = null;
  private picture: Picture | null = null;
  private part: Part = WHOLE;
  private chosenScale: Scale | null = null;
  private hovered = -1;
  private frame = 0;
  private stale = false;
  private spoken = 0;

  constructor(private readonly events: HeatmapEvents) {
    this.grid = h(
      "div",
      {
        ...{ class: "pw-grid", role: "grid", tabindex: 0, "data-lm-suppress-shortcuts": "true" },
        "aria-keyshortcuts": "M F + - 0",
      },
      this.canvas.base,
      this.canvas.marks,
      this.row,
    );
    this.tools = new HeatmapTools(this, this.listening.signal);
    this.element = h("div", { class: "pw-map-frame" }, this.grid, this.tools.element);
    this.listen();
  }

  /** Shows something else in place. */
  update(props: HeatmapProps): void {
    const before = this.props;
    this.props = props;
    const otherCells =
      before?.chart !== props.chart ||
      before.metric !== props.metric ||
      before.estimates !== props.estimates;
    const repaint =
      otherCells ||
      before.room !== props.room ||
      before.limit !== props.limit ||
      before.sharable !== props.sharable ||
      before.signs !== props.signs ||
      before.label !== props.label ||
      before.theme !== props.theme;
    const { chart } = props;
    if (before && (before.chart.width !== chart.width || before.chart.height !== chart.height)) {
      this.part = WHOLE;
    }
    if (otherCells) this.drawn = chart.drawn(props.metric, props.estimates);
    if (repaint) this.compose(props);
    if (before && before.selected !== props.selected) this.reveal(props.selected);
    if (repaint || before?.selected !== props.selected) this.announce(props);
    this.redraw(repaint);
  }

  /** Puts the keyboard here. */
  focus(): void {
    this.grid.focus({ preventScroll: true });
  }

  /** Returns where a cell lies, as far as it is seen. */
  boxOf(cell: number): Box {
    const { left, top, plotWidth, plotHeight, cellWidth, cellHeight } = this.layout;
    const { x, y } = cornerOf(this.layout, cell);
    const across = between(x, x + cellWidth, left, left + plotWidth);
    const down = between(y, y + cellHeight, top, top + plotHeight);
    return { x: across[0], y: down[0], width: across[1], height: down[1] };
  }

  /** What is painted. */
  get shown(): Picture {
    return this.picture as Picture;
  }

  get layout(): Layout {
    return this.shown.layout;
  }

  /** What the map is called. */
  get label(): string {
    return this.props?.label ?? this.props?.chart.map.title ?? "";
  }

  /** Which metric is drawn. */
  get metric(): number {
    return this.props?.metric ?? 0;
  }

  /** The scales that a reader can choose from, and the one that is drawn. */
  get scales(): { all: Scale[]; chosen: Scale } {
    const all = scalesOf(this.limits);
    const chosen = this.chosenScale && all.includes(this.chosenScale) ? this.chosenScale : all[0];
    return { all, chosen: chosen as Scale };
  }

  /** Draws the colours on another scale. */
  useScale(scale: Scale): void {
    this.chosenScale = scale;
    this.restyle();
  }

  get isZoomed(): boolean {
    return this.part.zoom > 1;
  }

  /** Shows the cells larger or smaller, around a point or the selected cell. */
  zoom(factor: number, at?: { x: number; y: number }): void {
    const { x, y, width, height } = this.boxOf(Math.max(0, this.props?.selected ?? 0));
    const { left, top, plotWidth, plotHeight } = this.layout;
    const middle = { x: left + plotWidth / 2, y: top + plotHeight / 2 };
    const point =
      (this.props?.selected ?? -1) < 0 ? middle : { x: x + width / 2, y: y + height / 2 };
    const { x: toX, y: toY } = at ?? point;
    this.look(zoomed(this.layout, this.part, factor, toX, toY));
    this.events.hover(-1);
  }

  /** Shows the whole map. */
  showAll(): void {
    this.look(WHOLE);
    this.events.hover(-1);
  }

  destroy(): void {
    this.listening.abort();
    cancelAnimationFrame(this.frame);
    this.element.remove();
  }

  private get limits(): Limits {
    const { limit, sharable, chart } = this.props ?? {};
    const fixed = limit ?? chart?.map.limit ?? undefined;
    const sharing = fixed !== undefined;
    return { own: this.drawn?.limit ?? 1, shared: fixed ?? sharable, sharing };
  }

  private compose(props: HeatmapProps): void {
    const { chart, theme, signs } = props;
    const { rows, columns } = chart.map;
    const drawn = this.drawn as Drawn;
    const limit = limitOn(this.scales.chosen, drawn, this.limits);
    this.picture = { ...drawn, limit, signs, chart, layout: this.lay(props), theme };
    const { width, height } = this.layout;
    setAttributes(this.grid, {
      "aria-label": `${this.label} ${rows.name} by ${columns.name}`,
      "aria-rowcount": chart.height,
      "aria-colcount": chart.width,
    });
    for (const { style } of [this.grid, this.element]) {
      style.width = `${width}px`;
      style.height = `${height}px`;
    }
    this.tools.update(width);
  }

  private lay({ chart, room, tall, theme }: HeatmapProps): Layout {
    const { rows, columns } = chart.map;
    const large = tall === undefined && isFullScreen(this.element);
    const most = large ? Math.max(200, window.innerHeight - AROUND) : tall;
    const wish = { tall: most, part: this.part, large };
    return layoutOf(rows.labels, columns.labels, room, this.canvas.measure(theme.font), wish);
  }

  /** Shows another part of the map. */
  private look(part: Part): void {
    const { props, picture } = this;
    if (!props || !picture) return;
    this.part = part;
    this.picture = { ...picture, layout: this.lay(props) };
    this.grid.classList.toggle("pw-zoomed", this.isZoomed);
    this.hovered = -1;
    this.redraw(true);
  }

  /** Draws everything again, and what stands beside the map too. */
  private restyle(): void {
    if (!this.props) return;
    this.compose(this.props);
    this.events.hover(-1);
    this.redraw(true);
    this.events.restyled?.();
  }

  /** Sees to it that a cell is in sight. */
  private reveal(cell: number): void {
    if (cell >= 0 && this.isZoomed) this.look(revealing(this.layout, this.part, cell));
  }

  private announce({ chart, selected, describe }: HeatmapProps): void {
    if (selected < 0) {
      this.cell.textContent = "";
      this.grid.removeAttribute("aria-activedescendant");
      return;
    }
    // A screen reader reads the cell again only if the active descendant is another one.
    this.spoken += 1;
    const id = `${this.idPrefix}-${this.spoken}`;
    setAttributes(this.row, { "aria-rowindex": Math.floor(selected / chart.width) + 1 });
    setAttributes(this.cell, { id, "aria-colindex": (selected % chart.width) + 1 });
    this.cell.textContent = describe(selected);
    this.grid.setAttribute("aria-activedescendant", id);
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
    const { selected, passed } = props;
    this.canvas.paint(picture, { selected, passed, hovered: this.hovered }, this.stale);
    this.stale = false;
  }

  private listen(): void {
    const { signal } = this.listening;
    const { grid, events } = this;
    const at = (x: number, y: number) => {
      const cell = cellAt(this.layout, x, y);
      return this.props?.chart.exists(cell) ? cell : -1;
    };
    followPointer(
      grid,
      {
        layout: () => this.layout,
        zoomed: () => this.isZoomed,
        hover: (x, y) => this.hover(at(x, y)),
        leave: () => this.hover(-1),
        click: (x, y) => this.click(at(x, y)),
        pull: (dx, dy) => {
          this.look(pulled(this.layout, this.part, dx, dy));
          events.hover(-1);
        },
        zoom: (factor, x, y) => this.zoom(factor, { x, y }),
        reset: () => this.showAll(),
      },
      signal,
    );
    grid.addEventListener("keydown", (event) => this.key(event), { signal });
    grid.addEventListener("focus", () => events.focus(), { signal });
    grid.addEventListener("blur", () => events.hover(-1), { signal });
    document.addEventListener("fullscreenchange", () => this.restyle(), { signal });
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
    const { props, picture, events, tools } = this;
    if (event.altKey || event.metaKey || !props || !picture) return;
    if (!keyPressed(event, picture, props.selected, { view: this, events, tools })) return;
    event.preventDefault();
    event.stopPropagation();
  }
}

/** Returns start and length of what lies between two ends. */
function between(from: number, to: number, low: number, high: number): [number, number] {
  const start = Math.max(low, Math.min(high, from));
  return [start, Math.max(low, Math.min(high, to)) - start];
}
