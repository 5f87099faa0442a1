import { type AttentionPayload, attendedIn, chartOf, percent, placeLabel } from "../core/attention";
import type { Chart } from "../core/chart";
import { fill, h } from "../core/dom";
import type { Theme } from "../core/theme";
import type { Place } from "../generated/views";
import { HeatmapView } from "./heatmap";

const LEAST = 220;
const GAP = 16;

/** Whole patterns as maps, destination by source, one for every run. */
export class AttentionMatrix {
  private readonly maps = h("div", { class: "pw-patterns" });
  private readonly said = h("div", { class: "pw-muted pw-hovered", "aria-live": "off" });
  readonly element = h("div", {}, this.maps, this.said);
  private views: HeatmapView[] = [];
  private charts: Chart[] = [];
  private payload: AttentionPayload | null = null;
  private selected = -1;

  /** @param chosen Takes a position that is to be the destination. */
  constructor(private readonly chosen: (destination: number) => void) {}

  update(payload: AttentionPayload, from: number, room: number, theme: Theme): void {
    const { runs, places, destinations } = payload.header;
    if (payload !== this.payload) {
      this.payload = payload;
      this.charts = runs.map((_, run) => chartOf(payload, run));
      this.selected = -1;
      this.build(runs.length);
    }
    const row = destinations.indexOf(from);
    if (this.selected < 0 || Math.floor(this.selected / places.length) !== row) {
      this.selected = row * places.length + strongest(attendedIn(payload, 0, from), from);
    }
    const beside = Math.max(1, Math.min(runs.length, Math.floor((room + GAP) / (LEAST + GAP))));
    const width = Math.floor((room - GAP * (beside - 1)) / beside);
    const limit = Math.max(...this.charts.map((chart) => chart.drawn(0, false).limit));
    for (const [run, view] of this.views.entries()) {
      view.update({
        chart: this.charts[run] as Chart,
        metric: 0,
        estimates: false,
        room: width,
        selected: this.selected,
        passed: [],
        theme,
        limit,
        tall: Math.min(360, width),
        describe: (cell) => this.wordsOf(cell, run),
      });
    }
  }

  destroy(): void {
    for (const view of this.views) view.destroy();
    this.views = [];
  }

  private build(count: number): void {
    this.destroy();
    this.views = Array.from({ length: count }, () => this.view());
    const labels = this.payload?.header.runs ?? [];
    fill(
      this.maps,
      ...this.views.map((view, run) =>
        h("div", {}, h("div", { class: "pw-small-title" }, labels[run]?.label ?? ""), view.element),
      ),
    );
    this.said.textContent = "";
  }

  private view(): HeatmapView {
    return new HeatmapView({
      hover: (cell) => {
        this.said.textContent = cell < 0 ? "" : this.allOf(cell);
      },
      select: (cell) => this.select(cell),
      open: (cell) => this.select(cell),
      letter: () => false,
      up() {},
      escape: () => {
        this.said.textContent = "";
      },
      focus() {},
    });
  }

  private select(cell: number): void {
    const { payload } = this;
    if (!payload || cell < 0) return;
    this.selected = cell;
    this.said.textContent = this.allOf(cell);
    this.chosen(payload.header.destinations[this.at(cell).row] as number);
  }

  private at(cell: number): { row: number; source: number } {
    const width = this.payload?.header.places.length ?? 1;
    return { row: Math.floor(cell / width), source: cell % width };
  }

  private wordsOf(cell: number, run: number): string {
    const { row, source } = this.at(cell);
    const { header } = this.payload as AttentionPayload;
    const from = header.destinations[row] as number;
    const share = attendedIn(this.payload as AttentionPayload, run, from)[source] ?? Number.NaN;
    const [to, at] = [header.places[source], header.places[from]] as [Place, Place];
    return `${placeLabel(at)} to ${placeLabel(to)}: ${percent(share)}`;
  }

  private allOf(cell: number): string {
    const { runs } = (this.payload as AttentionPayload).header;
    const [first, ...others] = runs.map(({ name }, run) => {
      const words = this.wordsOf(cell, run);
      return run ? `${name} ${words.slice(words.lastIndexOf(": ") + 2)}` : `${words} ${name}`;
    });
    return [first, ...others].join(", ");
  }
}

function strongest(shares: Float32Array, from: number): number {
  let best = 0;
  for (let at = 0; at <= from; at++) {
    if ((shares[at] as number) > (shares[best] as number)) best = at;
  }
  return best;
}
