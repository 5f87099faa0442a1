import { h } from "../core/dom";
import { ColorBar, updateLegend } from "./color-bar";
import { type Box, type HeatmapEvents, type HeatmapProps, HeatmapView } from "./heatmap";

/** Pixels beside the cells that the colour bar takes. */
const SCALE_WIDTH = 58;

/** A map with its question, its scale, its legend and how to redo it. */
export class MapPanel {
  readonly heatmap: HeatmapView;
  private readonly title = h("div", { class: "pw-map-title", role: "heading", "aria-level": 3 });
  private readonly scale = new ColorBar();
  private readonly legend = h("div", { class: "pw-legend pw-muted" });
  private readonly caption = h("div", { class: "pw-caption pw-muted" });
  readonly element: HTMLElement;

  constructor(events: HeatmapEvents) {
    this.heatmap = new HeatmapView(events);
    this.element = h(
      "section",
      { class: "pw-map" },
      this.title,
      h("div", { class: "pw-map-body" }, this.heatmap.element, this.scale.element),
      this.legend,
      this.caption,
    );
  }

  update(props: HeatmapProps): void {
    const { chart, metric, room, theme } = props;
    this.heatmap.update({ ...props, room: room - SCALE_WIDTH });
    const { layout, limit } = this.heatmap;
    this.scale.update(limit, theme.palette, Math.min(layout.plotHeight, 190));
    this.scale.element.style.marginTop = `${layout.top}px`;
    this.title.textContent = chart.map.title;
    this.caption.textContent = chart.map.caption;
    updateLegend(this.legend, chart, metric);
    const width = `${layout.width + SCALE_WIDTH}px`;
    for (const text of [this.title, this.legend, this.caption]) text.style.maxWidth = width;
  }

  /** Returns where a cell lies in the pixels of `root`. */
  boxIn(root: HTMLElement, cell: number): Box {
    const box = this.heatmap.boxOf(cell);
    const inner = this.heatmap.element.getBoundingClientRect();
    const outer = root.getBoundingClientRect();
    return { ...box, x: box.x + inner.left - outer.left, y: box.y + inner.top - outer.top };
  }

  destroy(): void {
    this.heatmap.destroy();
    this.element.remove();
  }
}
