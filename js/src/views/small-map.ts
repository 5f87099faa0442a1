import { h } from "../core/dom";
import { type Box, type HeatmapEvents, type HeatmapProps, HeatmapView } from "./heatmap";
import { ScaleLine } from "./scale-line";

/** One map of a comparison: what is measured, the cells, and their scale. */
export class SmallMap {
  readonly heatmap: HeatmapView;
  private readonly title = h("div", { class: "pw-small-title" });
  private readonly scale = new ScaleLine();
  readonly element: HTMLElement;

  constructor(events: HeatmapEvents) {
    this.heatmap = new HeatmapView(events);
    this.element = h(
      "div",
      { class: "pw-small-map" },
      this.title,
      this.heatmap.element,
      this.scale.element,
    );
  }

  /** Shows a map; `shared` says with which others it shares its scale. */
  update(props: HeatmapProps, shared: string): void {
    this.heatmap.update(props);
    const metric = props.chart.metric(props.metric);
    this.title.textContent = metric.label;
    this.scale.update(this.heatmap.shown, metric, shared);
    this.element.style.maxWidth = `${Math.max(this.heatmap.layout.width, 130)}px`;
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
  }
}
