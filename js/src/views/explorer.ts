import type { Chart } from "../core/chart";
import { focusedAt, h } from "../core/dom";
import type { Host } from "../core/host";
import type { Way } from "../core/nodes";
import type { Payload } from "../core/payload";
import type { ExplorerState } from "../generated/views";
import { Asking, type Opening } from "./asking";
import { Breadcrumb } from "./breadcrumb";
import { Closer } from "./closer";
import { codeOf } from "./code";
import { ConfirmView } from "./confirm";
import { ExplorerCompare, isComparable } from "./explorer-compare";
import { ExplorerContext } from "./explorer-context";
import { ExplorerHead } from "./explorer-head";
import { ExplorerSettings, type SettingChange } from "./explorer-settings";
import { ExplorerSide, type SideProps } from "./explorer-side";
import { ExplorerTabs } from "./explorer-tabs";
import type { HeatmapEvents } from "./heatmap";
import { markOf } from "./here";
import { Looking } from "./looking";
import { MapRow } from "./map-row";
import { type Pointed, Pointing } from "./pointing";
import { ProgressView } from "./progress";
import { QueueView } from "./queue";
import { Surroundings } from "./surroundings";
import { unmeasuredOf } from "./unmeasured";
import { isGoing, measuredIn } from "./ways";

/** First maps, the path maps opened from them, and everything around them. */
export class ExplorerView {
  readonly element: HTMLElement;
  private readonly listening = new AbortController();
  private readonly head: ExplorerHead;
  private readonly settings = new ExplorerSettings((change) => this.reset(change));
  private readonly context = new ExplorerContext(
    (choice) => this.change(choice),
    (text) => this.progress.say(text),
  );
  private readonly tabs: ExplorerTabs;
  private readonly breadcrumb = new Breadcrumb(
    () => this.up(),
    (depth) => this.goTo(depth),
  );
  private readonly maps = new MapRow(
    (key) => this.eventsOf(key),
    (now) => {
      this.asking.measure(now, this.payload, this.looking, this.host);
      this.render();
    },
  );
  private readonly side: ExplorerSide;
  private readonly closer = new Closer((command) => {
    this.host.command(command);
    this.renderCell();
  });
  private readonly beside = new ExplorerCompare((selection) => this.change({ selection }));
  private readonly progress = new ProgressView(() => this.cancel());
  private readonly queue = new QueueView((key) => this.host.command({ command: "cancel", key }));
  private readonly pointing: Pointing;
  private readonly looking: Looking;
  private readonly surroundings: Surroundings;
  /** Whether the first map is seen by all methods at once. */
  private comparing = false;
  private readonly asking = new Asking((text) => this.progress.say(text));
  private readonly confirm = new ConfirmView(this.asking, () => {
    this.render();
    this.maps.focus(this.looking.active);
  });

  constructor(
    parent: HTMLElement,
    private payload: Payload,
    private host: Host,
  ) {
    const { signal } = this.listening;
    this.looking = new Looking(payload);
    this.head = new ExplorerHead(
      (choice) => this.change(choice),
      (text) => this.progress.say(text),
    );
    this.tabs = new ExplorerTabs(
      (key) => this.show(key),
      () => this.compare(),
      signal,
    );
    this.side = new ExplorerSide({
      drill: (way) => this.drill(this.looking.active, way),
      select: (cell) => this.select(this.looking.active, cell),
      choose: (selection) => this.change({ selection }),
      pin: (pin) => this.pin(pin),
      measure: () => {
        this.asking.weigh(this.payload, this.looking, this.host);
        this.confirm.update(this.looking.first);
      },
      stop: () => this.host.command({ command: "cancel", key: "circuit" }),
      prompt: (prompt) => this.change({ prompt }),
      silence: (rule) => this.host.command({ command: "silence", rule }),
      say: (text) => this.progress.say(text),
    });
    this.pointing = new Pointing(
      {
        at: (key) => this.pointedAt(key),
        boxOf: (key, cell) => this.maps.boxIn(this.element, key, cell),
        drill: (key, way) => this.drill(key, way),
        pick: (way) => this.drill(this.looking.active, way),
        pin: (pin) => this.pin(pin),
        back: () => this.maps.focus(this.looking.active),
        say: (text) => this.progress.say(text),
      },
      signal,
    );
    this.element = this.build();
    parent.append(this.element);
    this.surroundings = new Surroundings(this.element);
    this.watch();
    this.render();
  }

  /** Draws a newer payload in place; focus, selection and open maps stay. */
  update(payload: Payload): void {
    this.payload = payload;
    this.looking.replace(payload);
    this.asking.hear(payload);
    const opening = this.asking.arrived(this.looking);
    if (opening) this.arrive(opening);
    this.render();
  }

  /** Takes over what the other side says the reader has chosen. */
  choose(state: Partial<ExplorerState>): void {
    this.looking.adopt(state);
    this.render();
  }

  /** Goes on in another place: a kernel that has come, or none where one has gone. */
  connect(host: Host): void {
    this.host = host;
    if (!host.live) this.asking.forget();
    this.render();
  }

  /** Python that measures what is looked at. */
  get code(): string {
    return codeOf(this.payload, this.looking);
  }

  /** What the reader has chosen. */
  get state(): ExplorerState {
    return this.looking.state;
  }

  destroy(): void {
    this.listening.abort();
    this.closer.destroy();
    this.context.destroy();
    this.side.destroy();
    this.beside.destroy();
    this.maps.destroy();
    this.element.remove();
  }

  private build(): HTMLElement {
    return h(
      "div",
      { class: "pw-explorer" },
      this.head.element,
      this.settings.element,
      this.context.element,
      h(
        "div",
        { class: "pw-body" },
        h(
          "div",
          { class: "pw-main" },
          this.tabs.element,
          this.breadcrumb.element,
          this.maps.element,
          this.beside.element,
        ),
        this.side.element,
      ),
      this.confirm.element,
      this.progress.element,
      this.queue.element,
      this.pointing.tooltip.element,
      this.pointing.menu.element,
    );
  }

  private watch(): void {
    const { signal } = this.listening;
    const { menu } = this.pointing;
    this.surroundings.watch(() => {
      this.pointing.hide();
      this.render();
    }, signal);
    this.element.addEventListener(
      "pointerdown",
      (event) => {
        if (!menu.element.contains(event.target as Node)) menu.hide();
      },
      { signal },
    );
  }

  private render(): void {
    const { looking, host } = this;
    const { header } = this.payload;
    const { facts } = looking.setting ?? (looking.settings[0] as never);
    const chart = this.chartOf(looking.active);
    const metric = chart.metric(chart.metricIndex(looking.metric));
    const changed = header.offers ? ["corruption", "direction"] : [];
    const fixed = facts.filter(({ label }) => !changed.includes(label));
    this.head.update(header.title, fixed, this.code);
    this.head.offerMetrics(chart.map.metrics, metric.name);
    this.head.offerEstimates(header.maps, looking.estimates);
    this.settings.update(header, looking, host.live);
    this.renderTabs();
    const { payload, comparing } = this;
    this.context.update({ payload, looking, host, chart, comparing });
    this.renderMaps();
    this.side.update(this.sideProps);
    this.lookCloser();
    const { progress } = measuredIn(this.payload, looking).map;
    this.progress.update(progress, host.live, header.drills);
    this.confirm.update(looking.first);
    this.queue.update(header.maps, measuredIn(this.payload, looking).map.key, host.live);
  }

  private renderTabs(): void {
    const { looking } = this;
    const tabs = this.payload.header.offers?.tabs ?? [];
    const { prefix } = looking;
    const here = tabs.filter(({ key }) => looking.chart(prefix + key)).map(({ key }) => key);
    this.tabs.update(tabs, looking.first.slice(prefix.length), new Set(here), ({ key }) =>
      markOf(looking, key, prefix, tabs),
    );
    this.breadcrumb.update(looking.trail.map((key) => key.slice(prefix.length)));
    const comparable = isComparable(this.payload, looking, this.host.live);
    this.comparing &&= comparable;
    this.tabs.offerComparison(comparable, this.comparing);
    if (this.comparing) this.breadcrumb.element.hidden = true;
    this.maps.element.hidden = this.comparing;
    const tab = looking.first.slice(prefix.length);
    this.beside.update(this.payload, this.host, this.comparing ? tab : null);
  }

  /** Sees the first map by all methods at once, or by one again. */
  private compare(): void {
    const { looking, host } = this;
    this.comparing = !this.comparing;
    const tab = looking.first.slice(looking.prefix.length);
    if (this.comparing && host.live) host.command({ command: "compare", tab });
    this.render();
  }

  private renderMaps(): void {
    const { payload, looking } = this;
    const { theme, width } = this.surroundings;
    const unmeasured = unmeasuredOf(payload, looking, this.asking, this.host.live);
    this.maps.update({ payload, looking, theme, width, unmeasured });
  }

  private renderCell(): void {
    this.side.updateCell(this.sideProps);
    this.lookCloser();
  }

  private get sideProps(): SideProps {
    const { payload, looking, host } = this;
    const { theme, width } = this.surroundings;
    const asked = this.closer.isWaiting(payload, looking);
    const chart = this.chartOf(looking.active);
    return { payload, looking, theme, width, live: host.live, chart, asked };
  }

  private lookCloser(): void {
    const { payload, looking, host } = this;
    if (host.live) this.closer.look(payload, looking, this.chartOf(looking.active));
  }

  private eventsOf(key: string): HeatmapEvents {
    return {
      hover: (cell) => this.pointing.hover(key, cell),
      select: (cell) => this.select(key, cell),
      open: (cell, by) => this.pointing.offer(key, cell, by === "keyboard"),
      letter: (cell, letter) => this.pointing.letter(key, cell, letter),
      up: () => this.up(),
      escape: () => this.escape(),
      focus: () => this.activate(key),
      restyled: () => this.renderMaps(),
    };
  }

  private pointedAt(key: string): Pointed {
    const { payload, looking, host } = this;
    return { payload, looking, live: host.live, chart: this.chartOf(key) };
  }

  private activate(key: string): void {
    if (this.looking.active === key) return;
    this.looking.active = key;
    this.host.setState({ selection: this.looking.selection });
    this.renderCell();
  }

  private select(key: string, cell: number): void {
    this.pointing.menu.hide();
    this.looking.pick(key, this.chartOf(key).nameOf(cell));
    this.host.setState({ selection: this.looking.selection });
    this.renderMaps();
    this.renderCell();
  }

  private pin(pin: string): void {
    this.looking.pin(pin);
    const { pins } = this.looking;
    this.host.setState({ pins: [...pins] });
    this.progress.say(pins.includes(pin) ? `pinned ${pin}` : `unpinned ${pin}`);
    this.side.update(this.sideProps);
  }

  private drill(from: string, way: Way): void {
    this.pointing.hide();
    const opening = this.asking.take(from, way, this.payload, this.looking, this.host);
    if (opening) this.arrive(opening);
    else this.confirm.update(this.looking.first);
  }

  private arrive({ from, key }: Opening): void {
    const hadFocus = this.element.contains(focusedAt(this.element));
    this.asking.forget();
    if (key !== this.looking.first) this.looking.open(from, key);
    this.moved(`opened ${key}`, hadFocus);
  }

  private show(tab: string): void {
    this.comparing = false;
    this.looking.show(tab);
    this.moved(`looking at ${tab}`, false);
  }

  private reset({ wanted, form }: SettingChange): void {
    if (form !== undefined) this.change({ form });
    if (!wanted) return;
    this.comparing = false;
    this.looking.choose(wanted);
    this.moved(`looking at ${this.looking.first}`, false);
  }

  private up(): void {
    this.goTo(this.looking.trail.length - 2);
  }

  private goTo(depth: number): void {
    if (this.looking.trail.length < 2) return;
    this.looking.goTo(depth);
    this.moved(`back at ${this.looking.active}`, true);
  }

  private moved(said: string, focus: boolean): void {
    this.pointing.hide();
    const { trail, selection } = this.looking;
    this.host.setState({ trail: [...trail], selection });
    this.progress.say(said);
    this.render();
    if (focus) this.maps.focus(this.looking.active);
  }

  private escape(): void {
    const { tooltip, menu } = this.pointing;
    tooltip.hide();
    if (menu.open) menu.hide();
    else this.cancel();
  }

  private cancel(): void {
    this.asking.forget();
    this.confirm.update(this.looking.first);
    const chart = measuredIn(this.payload, this.looking);
    const { key } = chart.map;
    if (!isGoing(chart) || !this.host.live) return;
    this.host.command({ command: "cancel", key });
    this.progress.say(`stopping ${key}`);
  }

  private change(state: Partial<ExplorerState>): void {
    this.looking.adopt(state);
    this.host.setState(state);
    this.render();
  }

  /** Returns a map as it is drawn; where it is not measured, another of its setting, or the first. */
  private chartOf(key: string): Chart {
    const { looking, payload } = this;
    const { charts } = payload;
    const near = charts.find(({ map }) => looking.prefix && map.key.startsWith(looking.prefix));
    return looking.drawn((looking.chart(key) ?? near ?? (charts[0] as Chart)).map.key) as Chart;
  }
}
