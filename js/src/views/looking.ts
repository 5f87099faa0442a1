import type { Chart } from "../core/chart";
import { headsOf } from "../core/nodes";
import type { ExplorerState } from "../generated/views";

/** Which maps are open and what is selected on each: all that the reader has chosen. */
export class Looking {
  /** Keys of the open maps; never empty. */
  trail: string[];
  /** Key of the map last touched. */
  active: string;
  metric = "";
  prompt = 0;
  /** Whether cells that were not measured show what was estimated of them. */
  estimates = true;
  private readonly picks = new Map<string, string>();

  constructor(private charts: Chart[]) {
    this.trail = [charts[0]?.map.key ?? ""];
    this.active = this.trail[0] as string;
  }

  /** Goes on with newer maps, and closes those that are gone. */
  replace(charts: Chart[]): void {
    this.charts = charts;
    this.follow(this.trail);
  }

  chart(key: string): Chart | undefined {
    return this.charts.find(({ map }) => map.key === key);
  }

  /** Returns the selected cell of a map, or -1. */
  cellIn(key: string): number {
    const pick = this.picks.get(key);
    return pick ? (this.chart(key)?.cellOf(pick) ?? -1) : -1;
  }

  /** Returns the cells of a map through which the trail goes on. */
  passed(key: string, headsPerKvHead: number): number[] {
    const next = this.trail[this.trail.indexOf(key) + 1];
    const chart = this.chart(key);
    if (next === undefined || !chart) return [];
    const heads = headsOf(next, headsPerKvHead);
    const picked = this.picks.get(key) ?? "";
    return (heads.includes(picked) ? [picked] : heads)
      .map((head) => chart.cellOf(head))
      .filter((cell) => cell >= 0);
  }

  pick(key: string, name: string): void {
    this.picks.set(key, name);
    this.active = key;
  }

  /** Opens the map `key` after the map `from`. */
  open(from: string, key: string): void {
    const depth = this.trail.indexOf(from);
    this.trail = [...this.trail.slice(0, depth + 1).filter((other) => other !== key), key];
    this.active = key;
  }

  /** Closes every map after the one at `depth`. */
  goTo(depth: number): void {
    this.trail = this.trail.slice(0, Math.max(1, depth + 1));
    this.active = this.trail[this.trail.length - 1] as string;
  }

  /** Takes over what the other side says; unknown maps are left out. */
  adopt(state: Partial<ExplorerState>): void {
    if (state.metric !== undefined) this.metric = state.metric;
    if (state.prompt !== undefined) this.prompt = state.prompt;
    if (state.estimates !== undefined) this.estimates = state.estimates;
    if (state.trail !== undefined) this.follow(state.trail);
    if (state.selection !== undefined && state.selection !== this.selection) {
      this.adoptSelection(state.selection);
    }
  }

  get selection(): string {
    return this.picks.get(this.active) ?? "";
  }

  /** Returns everything in the form that travels. */
  get state(): ExplorerState {
    const { selection, trail, metric, prompt, estimates } = this;
    return { selection, trail: [...trail], metric, prompt, estimates };
  }

  private follow(trail: string[]): void {
    const known = trail.findIndex((key) => !this.chart(key));
    const open = known < 0 ? trail : trail.slice(0, known);
    const first = this.charts[0]?.map.key ?? "";
    this.trail = open.length ? [...open] : [first];
    if (!this.trail.includes(this.active)) {
      this.active = this.trail[this.trail.length - 1] as string;
    }
  }

  private adoptSelection(name: string): void {
    const holder = [...this.trail]
      .reverse()
      .find((key) => (this.chart(key)?.cellOf(name) ?? -1) >= 0);
    if (holder) this.pick(holder, name);
    else if (!name) this.picks.delete(this.active);
  }
}
