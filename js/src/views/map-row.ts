import type { Chart } from "../core/chart";
import { h } from "../core/dom";
import type { Payload } from "../core/payload";
import type { Theme } from "../core/theme";
import { spokenFacts } from "./cell-facts";
import type { Box, HeatmapEvents, HeatmapProps } from "./heatmap";
import { sharedLimitOf } from "./heatmap-scale";
import type { Looking } from "./looking";
import { MapPanel } from "./map-panel";
import { sizeAt } from "./size";
import { Unmeasured, type UnmeasuredProps } from "./unmeasured";

export const SIDE_WIDTH = 328;
const PADDING = 16;
const GAP = 24;

/** Everything the maps depend on. */
export interface MapRowProps {
  payload: Payload;
  looking: Looking;
  theme: Theme;
  /** Pixels of the whole explorer. */
  width: number;
  /** What stands in the place of the first map where it is not measured. */
  unmeasured: UnmeasuredProps;
}

/** The last two maps of the trail, side by side. */
export class MapRow {
  readonly element = h("div", { class: "pw-maps" });
  private readonly panels = new Map<string, MapPanel>();
  private readonly missing: Unmeasured;
  private readonly next = h(
    "div",
    { class: "pw-next pw-muted" },
    "Click a head, then q, k or v: what feeds it opens here.",
  );

  constructor(
    private readonly eventsOf: (key: string) => HeatmapEvents,
    measure: (now: boolean) => void,
  ) {
    this.missing = new Unmeasured(measure);
  }

  update(props: MapRowProps): void {
    const { looking, payload, unmeasured } = props;
    const shown = looking.trail.slice(-2).filter((key) => looking.chart(key));
    for (const [key, panel] of this.panels) {
      if (shown.includes(key)) continue;
      panel.destroy();
      this.panels.delete(key);
    }
    shown.forEach((key, place) => {
      const panel = this.panels.get(key) ?? new MapPanel(this.eventsOf(key));
      this.panels.set(key, panel);
      panel.update(propsOf(key, props), unmeasured.live);
      // Moving an element takes the focus from it, so one that stands right stays.
      const there = this.element.children[place] ?? null;
      if (there !== panel.element) this.element.insertBefore(panel.element, there);
    });
    this.next.hidden = shown.length !== 1 || !payload.header.drills;
    if (!this.next.isConnected) this.element.append(this.next);
    if (shown.length) this.missing.element.remove();
    else {
      this.missing.update(unmeasured);
      if (!this.missing.element.isConnected) this.element.prepend(this.missing.element);
    }
  }

  /** Puts the keyboard on a map. */
  focus(key: string): void {
    const panel = this.panels.get(key);
    if (panel) panel.heatmap.focus();
    else this.missing.focus();
  }

  /** Returns where a cell lies in the pixels of `root`; null where its map is not shown. */
  boxIn(root: HTMLElement, key: string, cell: number): Box | null {
    return this.panels.get(key)?.boxIn(root, cell) ?? null;
  }

  destroy(): void {
    for (const panel of this.panels.values()) panel.destroy();
  }
}

function propsOf(key: string, { payload, looking, theme, width }: MapRowProps): HeatmapProps {
  const chart = looking.drawn(key) as Chart;
  const metric = chart.metricIndex(looking.metric);
  const shown = looking.trail.slice(-2).flatMap((one) => looking.drawn(one) ?? []);
  const charts = shown.filter(({ pair }) => pair?.here !== false);
  const sharable = sharedLimitOf(charts, chart.metric(metric).name, looking.estimates);
  return {
    chart,
    metric,
    ...(sharable === null ? {} : { sharable }),
    estimates: looking.estimates,
    room: roomFor(width, payload.header.drills),
    selected: looking.cellIn(key),
    passed: looking.passed(key),
    theme,
    describe: (cell) => spokenFacts(chart, metric, cell, looking.estimates),
  };
}

/** Pixels for one map, the same before and after a second one opens beside it. */
function roomFor(width: number, drills: boolean): number {
  const inner = width - 2 * PADDING;
  const size = sizeAt(width);
  if (size === "narrow") return inner;
  const free = size === "medium" ? inner : inner - SIDE_WIDTH - PADDING;
  return drills ? (free - GAP) / 2 : free;
}
