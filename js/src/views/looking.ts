import type { Chart } from "../core/chart";
import { isPath, isPinned } from "../core/circuit";
import { nodesOf } from "../core/nodes";
import { withoutPair } from "../core/pair-map";
import { endsOf } from "../core/path";
import type { Payload } from "../core/payload";
import { type Chosen, settingKey, settingsOf, splitKey } from "../core/settings";
import type { ExplorerState, Setting, TokenStrip } from "../generated/views";

/** Which maps are open and what is selected on each: all that the reader has chosen. */
export class Looking {
  /** Key of the map last touched. */
  active: string;
  metric = "";
  prompt = 0;
  /** Whether the maps show that pair alone. */
  alone = false;
  /** Whether cells that were not measured show what was estimated of them. */
  estimates = true;
  /** Form of the path maps that are opened next; empty for `pinned`. */
  form = "";
  /** Nodes that were pinned into a circuit, and paths between them. */
  pins: string[] = [];
  /** How the maps that are shown are measured, or would be. */
  wanted: Chosen;
  /** Key of the first map, after that of the setting. */
  private tab: string;
  private readonly opened = new Map<string, string[]>();
  private readonly picks = new Map<string, string>();
  /** The nodes that came with each path that was pinned here, and leave with it. */
  private readonly brought = new Map<string, string[]>();

  constructor(private payload: Payload) {
    const [setting, tab] = splitKey(payload.charts[0]?.map.key ?? "", this.settings);
    this.wanted = setting;
    this.tab = tab;
    this.active = this.first;
    // What was measured last is what a reader without a kernel finds pinned.
    const { nodes = [], edges = [] } = payload.header.circuit ?? {};
    const paths = new Set(edges.map(({ path }) => path));
    this.pins = [...nodes.filter(isPinned).map(({ name }) => name), ...paths];
  }

  /** Goes on with newer maps, and closes those that are gone. */
  replace(payload: Payload): void {
    this.payload = payload;
    this.follow(this.trail);
  }

  get settings(): Setting[] {
    return settingsOf(this.payload.header);
  }

  /** Returns the setting that is looked at; undefined where nothing was measured in it yet. */
  get setting(): Setting | undefined {
    const key = this.prefix;
    return this.settings.find((setting) => setting.key === key);
  }

  /** Returns what the keys of the maps that are looked at begin with. */
  get prefix(): string {
    return settingKey(this.wanted, this.settings[0] as Setting);
  }

  /** Returns the key of the first map, which may not be measured yet. */
  get first(): string {
    return this.prefix + this.tab;
  }

  /** Returns the keys of the open maps from the first on; never empty. */
  get trail(): string[] {
    return [this.first, ...(this.opened.get(this.first) ?? [])];
  }

  chart(key: string): Chart | undefined {
    return this.payload.charts.find(({ map }) => map.key === key);
  }

  /** The prompt pairs of what is looked at. */
  get strip(): TokenStrip {
    return this.setting?.strip ?? this.payload.header.strip;
  }

  /** The pair that the maps show alone; null where they show the mean over all. */
  get pair(): number | null {
    const { length } = this.strip.pairs;
    if (!this.alone || length === 1) return null;
    return this.prompt < length || !length ? this.prompt : 0;
  }

  /** Returns a map as it is drawn: the mean over pairs, or the chosen pair alone. */
  drawn(key: string): Chart | undefined {
    const { pair } = this;
    const whole = this.chart(key);
    if (!whole || pair === null) return whole;
    const here = this.payload.onPairs.find(
      (chart) => chart.map.key === key && chart.pair?.prompt === pair,
    );
    return here ?? withoutPair(whole, pair);
  }

  /** Returns the path maps of a form that are here, in the setting that is looked at. */
  pathsIn(form: string): number {
    const { prefix } = this;
    const written = form === "pinned" ? "" : ` (${form})`;
    const offered = this.payload.header.offers?.tabs.map(({ key }) => key) ?? [];
    return this.payload.charts.filter(({ map: { key } }) => {
      const [setting, about] = splitKey(key, this.settings);
      if (setting.key !== prefix || offered.includes(about)) return false;
      return written ? about.endsWith(written) : !about.endsWith(")");
    }).length;
  }

  /** Returns the selected cell of a map, or -1. */
  cellIn(key: string): number {
    const pick = this.picks.get(key);
    return pick ? (this.chart(key)?.cellOf(pick) ?? -1) : -1;
  }

  /** Returns the cells of a map through which the trail goes on. */
  passed(key: string): number[] {
    const next = this.trail[this.trail.indexOf(key) + 1];
    const chart = this.chart(key);
    if (next === undefined || !chart) return [];
    const about = next.slice(this.prefix.length);
    const nodes = nodesOf(about, this.payload.header.heads_per_kv_head);
    const picked = this.picks.get(key) ?? "";
    return (nodes.includes(picked) ? [picked] : nodes)
      .map((node) => chart.cellOf(node))
      .filter((cell) => cell >= 0);
  }

  pick(key: string, name: string): void {
    this.picks.set(key, name);
    this.active = key;
  }

  /** The nodes among what was pinned. */
  get pinnedNodes(): string[] {
    return this.pins.filter((pin) => !isPath(pin));
  }

  /** The paths among what was pinned. */
  get pinnedPaths(): string[] {
    return this.pins.filter(isPath);
  }

  /**
   * Pins a node, or a path with the nodes at its ends; or takes it away, a node with the paths that
   * would lose an end, a path with the nodes that came with it.
   */
  pin(pin: string): void {
    const left = this.pins.filter((one) => one !== pin);
    if (left.length < this.pins.length) this.unpin(pin, left);
    else {
      const brought = isPath(pin) ? this.endsToPin(pin) : [];
      this.brought.set(pin, brought);
      this.pins = [...left, ...brought, pin];
    }
  }

  /** Looks at another first map, with what was opened from it before. */
  show(tab: string): void {
    this.tab = tab;
    this.active = this.trail[this.trail.length - 1] as string;
  }

  /** Looks at the same first map, measured in another way. */
  choose(wanted: Partial<Chosen>): void {
    const { direction, corruption, metrics } = { ...this.wanted, ...wanted };
    this.wanted = { direction, corruption, metrics };
    this.show(this.tab);
  }

  /** Opens the map `key` after the map `from`. */
  open(from: string, key: string): void {
    const { trail } = this;
    const depth = trail.indexOf(from);
    const kept = trail.slice(1, depth + 1).filter((other) => other !== key);
    if (key !== this.first) kept.push(key);
    this.opened.set(this.first, kept);
    this.active = key;
  }

  /** Closes every map after the one at `depth`. */
  goTo(depth: number): void {
    this.opened.set(this.first, this.trail.slice(1, Math.max(1, depth + 1)));
    this.active = this.trail[this.trail.length - 1] as string;
  }

  /** Takes over what the other side says; unknown maps are left out. */
  adopt(state: Partial<ExplorerState>): void {
    const { metric, prompt, alone, estimates, form, pins, trail, selection } = state;
    if (metric !== undefined) this.metric = metric;
    if (prompt !== undefined) this.prompt = prompt;
    if (alone !== undefined) this.alone = alone;
    if (estimates !== undefined) this.estimates = estimates;
    if (form !== undefined) this.form = form;
    if (pins !== undefined) this.pins = [...pins];
    if (trail !== undefined) this.follow(trail);
    if (selection !== undefined && selection !== this.selection) this.adoptSelection(selection);
  }

  get selection(): string {
    return this.picks.get(this.active) ?? "";
  }

  /** Returns everything in the form that travels. */
  get state(): ExplorerState {
    const { selection, trail, metric, prompt, alone, estimates, form } = this;
    return { selection, trail, metric, prompt, alone, estimates, form, pins: [...this.pins] };
  }

  private unpin(pin: string, left: string[]): void {
    const needed = left.filter(isPath).flatMap((path) => this.endNodes(path).flat());
    const gone = (this.brought.get(pin) ?? []).filter((node) => !needed.includes(node));
    const kept = left.filter((one) => !gone.includes(one));
    const there = (end: string[]) => !end.length || end.some((node) => isAmong(node, kept));
    this.pins = kept.filter((one) => !isPath(one) || this.endNodes(one).every(there));
  }

  /** Returns for both ends of a path the nodes that it may be drawn at; none for an outer end. */
  private endNodes(path: string): [string[], string[]] {
    const [sender, receiver] = endsOf(path);
    const each = this.payload.header.heads_per_kv_head;
    return [sender === "embed" ? [] : [sender], nodesOf(receiver, each)];
  }

  /** Returns the nodes that a path needs and that are not pinned yet. */
  private endsToPin(path: string): string[] {
    const [senders, readers] = this.endNodes(path);
    const pinned = (node: string) => isAmong(node, this.pins);
    // One key is read by several heads: that of the reader's way here, or else all of them.
    const picked = [...this.picks.values()];
    const came = readers.find((node) => picked.includes(node));
    const reads = readers.some(pinned) ? [] : came ? [came] : readers;
    return [...senders, ...reads].filter((node) => !pinned(node));
  }

  private follow(trail: string[]): void {
    const [first = this.payload.charts[0]?.map.key ?? "", ...rest] = trail;
    const [setting, tab] = splitKey(first, this.settings);
    const offered = this.payload.header.offers?.tabs.some(({ key }) => key === tab);
    if (first !== this.first && (offered || this.chart(first))) {
      this.wanted = setting;
      this.tab = tab;
    }
    if (first === this.first) {
      const unknown = rest.findIndex((key) => !this.chart(key));
      this.opened.set(first, unknown < 0 ? rest : rest.slice(0, unknown));
    }
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

/** Returns whether a node is pinned, at whichever position. */
function isAmong(node: string, pins: string[]): boolean {
  const whole = (name: string) => name.split("@")[0];
  return pins.some((pin) => !isPath(pin) && whole(pin) === whole(node));
}
