import { h } from "../core/dom";
import { aboutPair } from "../core/pair-map";
import { ColorBar, updateLegend } from "./color-bar";
import { type Box, type HeatmapEvents, type HeatmapProps, HeatmapView } from "./heatmap";
import { MissingPair } from "./missing-pair";

/** Pixels beside the cells that the colour bar takes. */
const SCALE_WIDTH = 58;

/** A map with its question, its scale, its legend and how to redo it. */
export class MapPanel {
  readonly heatmap: HeatmapView;
  private readonly title = h("div", { class: "pw-map-title", role: "heading", "aria-level": 3 });
  private readonly scale = new ColorBar();
  private readonly legend = h("div", { class: "pw-legend pw-muted" });
  private readonly agreement = h("div", { class: "pw-agreement pw-muted" });
  private readonly about = h("div", { class: "pw-about-pair pw-muted" });
  private readonly caption = h("div", { class: "pw-caption pw-muted" });
  private readonly body: HTMLElement;
  private readonly missing = new MissingPair();
  readonly element: HTMLElement;

  constructor(events: HeatmapEvents) {
    this.heatmap = new HeatmapView(events);
    this.body = h("div", { class: "pw-map-body" }, this.heatmap.element, this.scale.element);
    this.element = h(
      "section",
      { class: "pw-map" },
      this.title,
      this.missing.element,
      this.body,
      this.legend,
      this.agreement,
      this.about,
      this.caption,
    );
  }

  /** Shows a map, or says that it is not here on the chosen pair; `live` where a kernel has it. */
  update(props: HeatmapProps, live = false): void {
    const { chart } = props;
    const missing = chart.pair?.here === false;
    this.title.textContent = chart.map.title;
    this.missing.element.hidden = !missing;
    for (const part of [this.body, this.legend, this.agreement, this.about, this.caption]) {
      part.hidden = missing;
    }
    if (missing) this.missing.update(chart, live, props.room);
    else this.draw(props);
  }

  private draw(props: HeatmapProps): void {
    const { chart, metric, room } = props;
    this.heatmap.update({ ...props, room: room - SCALE_WIDTH });
    const { shown, layout } = this.heatmap;
    this.scale.update(shown, chart.noiseFloor(metric), Math.min(layout.plotHeight, 190));
    this.scale.element.style.marginTop = `${layout.top}px`;
    this.about.textContent = aboutPair(chart, metric);
    this.about.hidden = !chart.pair;
    this.caption.textContent = chart.map.caption;
    updateLegend(this.legend, shown, metric);
    this.agreement.textContent = chart.map.estimate?.agreement[metric] ?? "";
    this.agreement.hidden = !this.agreement.textContent;
    const width = `${layout.width + SCALE_WIDTH}px`;
    const texts = [this.title, this.legend, this.agreement, this.about, this.caption];
    for (const text of texts) text.style.maxWidth = width;
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
