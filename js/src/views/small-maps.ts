import type { Chart } from "../core/chart";
import { type ComparisonPayload, type Found, signsOn, type Way } from "../core/comparison";
import { fill, h } from "../core/dom";
import type { Theme } from "../core/theme";
import { saidOf, spoken } from "./comparison-facts";
import type { Box, HeatmapEvents } from "./heatmap";
import { isShared, limitsOf, SHARED_BY, type Sharing } from "./shared-scale";
import { sizeAt } from "./size";
import { SmallMap } from "./small-map";

const SIDE_WIDTH = 328;
const PADDING = 32;
const GAP = 20;
const NARROWEST = 150;
const WIDEST = 320;
const TALL = 270;

/** Everything the maps depend on. */
export interface SmallMapsProps {
  payload: ComparisonPayload;
  found: Found | null;
  scale: Sharing;
  selection: string;
  hovered: string;
  theme: Theme;
  /** Pixels of the whole comparison. */
  width: number;
}

/** All maps of a comparison: a row for every setting, a column for every metric. */
export class SmallMaps {
  readonly element = h("div", { class: "pw-small-maps" });
  private maps: SmallMap[] = [];
  private limits: number[] = [];
  private signs: Uint8Array[] = [];
  private drawnBy: unknown[] = [];

  constructor(private readonly eventsOf: (way: number) => HeatmapEvents) {}

  update(props: SmallMapsProps): void {
    const { payload, found, scale } = props;
    if (this.maps.length !== payload.ways.length) this.build(payload);
    const drawnBy = [payload, found, scale];
    if (drawnBy.some((one, index) => one !== this.drawnBy[index])) {
      this.drawnBy = drawnBy;
      this.limits = limitsOf(payload.ways, scale);
      this.signs = found ? payload.ways.map(({ chart }, way) => signsOn(found, way, chart)) : [];
    }
    const room = roomFor(props.width, payload.charts[0] as Chart);
    payload.ways.forEach((way, index) => {
      this.show(way, index, room, props);
    });
  }

  /** Puts the keyboard on a map. */
  focus(way: number): void {
    this.maps[way]?.heatmap.focus();
  }

  /** Returns where a node lies on a map, in the pixels of `root`. */
  boxIn(root: HTMLElement, way: number, cell: number): Box | null {
    return this.maps[way]?.boxIn(root, cell) ?? null;
  }

  destroy(): void {
    for (const map of this.maps) map.destroy();
  }

  private build({ charts, ways }: ComparisonPayload): void {
    this.destroy();
    this.maps = ways.map((_, index) => new SmallMap(this.eventsOf(index)));
    fill(
      this.element,
      ...charts.map((chart) => {
        const own = this.maps.filter((_, index) => ways[index]?.chart === chart);
        const { title } = chart.map;
        return h(
          "section",
          { class: "pw-small-row" },
          title && h("div", { class: "pw-map-title", role: "heading", "aria-level": 3 }, title),
          h("div", { class: "pw-small-cells" }, ...own.map(({ element }) => element)),
        );
      }),
    );
  }

  private show(way: Way, index: number, room: number, props: SmallMapsProps): void {
    const { payload, found, scale, theme } = props;
    const { chart, metric, label } = way;
    const hovered = props.hovered ? chart.cellOf(props.hovered) : -1;
    const signs = this.signs[index];
    this.maps[index]?.update(
      {
        chart,
        metric,
        estimates: true,
        room,
        selected: props.selection ? chart.cellOf(props.selection) : -1,
        passed: hovered < 0 ? [] : [hovered],
        theme,
        limit: this.limits[index] as number,
        tall: TALL,
        ...(signs ? { signs } : {}),
        label,
        describe: (cell) => {
          const node = chart.nameOf(cell);
          const said = saidOf(payload, found, node)[index];
          return said ? `${node}, ${spoken(said)}` : node;
        },
      },
      isShared(way, scale) ? SHARED_BY[scale] : SHARED_BY.metric,
    );
  }
}

/** Pixels for one map: as many beside each other as there are metrics, where they fit. */
function roomFor(width: number, first: Chart): number {
  const inner = width - PADDING;
  const free = sizeAt(width) === "wide" ? inner - SIDE_WIDTH : inner;
  const each = (count: number) => (free - GAP * (count - 1)) / count;
  let count = first.map.metrics.length;
  while (count > 1 && each(count) < NARROWEST) count -= 1;
  return Math.floor(Math.min(WIDEST, each(count)));
}
