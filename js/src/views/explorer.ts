import type { Chart } from "../core/chart";
import { h } from "../core/dom";
import type { Host } from "../core/host";
import { questionOf, type Way } from "../core/nodes";
import type { Payload } from "../core/payload";
import { DEFAULTS } from "../core/preferences";
import { adoptTheme, type Theme, watchTheme } from "../core/theme";
import type { ExplorerState } from "../generated/views";
import { BaselineView } from "./baseline";
import { Breadcrumb } from "./breadcrumb";
import { cellFacts } from "./cell-facts";
import { Closer } from "./closer";
import { codeOf } from "./code";
import { type Choice, DrillMenu } from "./drill-choice";
import { ExplorerHead } from "./explorer-head";
import { ExplorerSettings, type SettingChange } from "./explorer-settings";
import { ExplorerSide, pinnedAt, type SideProps } from "./explorer-side";
import { ExplorerTabs } from "./explorer-tabs";
import type { HeatmapEvents } from "./heatmap";
import { Looking } from "./looking";
import { MapRow, sizeAt } from "./map-row";
import { ProgressView } from "./progress";
import { QueueView } from "./queue";
import { TokenStripView } from "./token-strip";
import { Tooltip } from "./tooltip";
import type { UnmeasuredProps } from "./unmeasured";
import { choicesAt, hintAt, isGoing, mapOf, measuredIn, toLogits } from "./ways";

/** First maps, the path maps opened from them, and everything around them. */
export class ExplorerView {
  readonly element: HTMLElement;
  private readonly listening = new AbortController();
  private readonly head: ExplorerHead;
  private readonly settings = new ExplorerSettings((change) => this.reset(change));
  private readonly strip = new TokenStripView((prompt) => this.change({ prompt }));
  private readonly baseline = new BaselineView();
  private readonly tabs: ExplorerTabs;
  private readonly breadcrumb = new Breadcrumb(
    () => this.up(),
    (depth) => this.goTo(depth),
  );
  private readonly maps = new MapRow(
    (key) => this.eventsOf(key),
    (now) => this.measure(now),
  );
  private readonly side: ExplorerSide;
  private readonly closer = new Closer((command) => {
    this.host.command(command);
    this.renderCell();
  });
  private readonly progress = new ProgressView(() => this.cancel());
  private readonly queue = new QueueView((key) => this.host.command({ command: "cancel", key }));
  private readonly tooltip = new Tooltip();
  private readonly menu: DrillMenu;
  private readonly looking: Looking;
  private theme: Theme;
  private width = 0;
  private asked: { from: string; key: string } | null = null;
  /** Key of the first map that takes long and that the reader has asked for once. */
  private doubted = "";

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
    this.tabs = new ExplorerTabs((key) => this.show(key), signal);
    this.side = new ExplorerSide({
      drill: (way) => this.drill(this.looking.active, way),
      select: (cell) => this.select(this.looking.active, cell),
      choose: (selection) => this.change({ selection }),
      pin: (node) => this.pin(node),
      measure: () => this.measureCircuit(),
      prompt: (prompt) => this.change({ prompt }),
      silence: (rule) => this.host.command({ command: "silence", rule }),
      say: (text) => this.progress.say(text),
    });
    this.menu = new DrillMenu(
      (way) => this.drill(this.looking.active, way),
      () => this.maps.focus(this.looking.active),
      signal,
    );
    this.element = this.build();
    parent.append(this.element);
    this.theme = adoptTheme(this.element);
    this.watch();
    this.render();
  }

  /** Draws a newer payload in place; focus, selection and open maps stay. */
  update(payload: Payload): void {
    this.payload = payload;
    this.looking.replace(payload);
    if (this.asked && this.looking.chart(this.asked.key)) this.arrive(this.asked);
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
    if (!host.live) this.asked = null;
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
    this.side.destroy();
    this.maps.destroy();
    this.element.remove();
  }

  private build(): HTMLElement {
    return h(
      "div",
      { class: "pw-explorer" },
      this.head.element,
      this.settings.element,
      h("div", { class: "pw-context" }, this.strip.element, this.baseline.element),
      h(
        "div",
        { class: "pw-body" },
        h(
          "div",
          { class: "pw-main" },
          this.tabs.element,
          this.breadcrumb.element,
          this.maps.element,
        ),
        this.side.element,
      ),
      this.progress.element,
      this.queue.element,
      this.tooltip.element,
      this.menu.element,
    );
  }

  private watch(): void {
    const { signal } = this.listening;
    watchTheme(() => this.retheme(), signal);
    const sizes = new ResizeObserver(() => this.resize());
    sizes.observe(this.element);
    signal.addEventListener("abort", () => sizes.disconnect(), { once: true });
    this.element.addEventListener(
      "pointerdown",
      (event) => {
        if (!this.menu.element.contains(event.target as Node)) this.menu.hide();
      },
      { signal },
    );
    this.resize();
  }

  private resize(): void {
    const width = this.element.clientWidth;
    if (!width || width === this.width) return;
    this.width = width;
    this.theme = adoptTheme(this.element);
    this.element.dataset.size = sizeAt(width);
    this.tooltip.hide();
    this.menu.hide();
    this.render();
  }

  private retheme(): void {
    this.theme = adoptTheme(this.element);
    this.render();
  }

  private render(): void {
    const { looking, host } = this;
    const { header } = this.payload;
    const { facts, strip } = looking.setting ?? (looking.settings[0] as never);
    const chart = this.chartOf(looking.active);
    const metric = chart.metric(chart.metricIndex(looking.metric));
    const changed = header.offers ? ["corruption", "direction"] : [];
    const fixed = facts.filter(({ label }) => !changed.includes(label));
    this.head.update(header.title, fixed, this.code);
    this.head.offerMetrics(chart.map.metrics, metric.name);
    this.head.offerEstimates(header.maps, looking.estimates);
    this.settings.update(header, looking.wanted, looking.form, host.live);
    this.strip.update(strip ?? header.strip, looking.prompt);
    this.baseline.update(looking.wanted.direction, strip ?? header.strip, metric);
    this.renderTabs();
    this.renderMaps();
    this.side.update(this.sideProps);
    this.lookCloser();
    const { progress } = measuredIn(this.payload, looking).map;
    this.progress.update(progress, host.live, header.drills);
    this.queue.update(header.maps, measuredIn(this.payload, looking).map.key, host.live);
  }

  private renderTabs(): void {
    const { looking } = this;
    const tabs = this.payload.header.offers?.tabs ?? [];
    const { prefix } = looking;
    const here = tabs.filter(({ key }) => looking.chart(prefix + key)).map(({ key }) => key);
    this.tabs.update(tabs, looking.first.slice(prefix.length), new Set(here));
    this.breadcrumb.update(looking.trail.map((key) => key.slice(prefix.length)));
  }

  private renderMaps(): void {
    const { payload, looking, theme, width, unmeasured } = this;
    this.maps.update({ payload, looking, theme, width, unmeasured });
  }

  private get unmeasured(): UnmeasuredProps {
    const { looking, host, payload } = this;
    const { header } = payload;
    const tab = header.offers?.tabs.find(({ key }) => looking.prefix + key === looking.first);
    return {
      title: tab ? `${tab.group}: ${tab.label}` : "",
      live: host.live,
      asked: this.asked?.key === looking.first,
      // What is offered was counted in the first setting; others cost about as much.
      cost: tab?.cost ?? "",
      confirm: this.doubted === looking.first,
      busy: payload.charts.some(isGoing),
      code: tab?.code ?? "",
    };
  }

  private renderCell(): void {
    this.side.updateCell(this.sideProps);
    this.lookCloser();
  }

  private get sideProps(): SideProps {
    const { payload, looking, theme, width, host } = this;
    const strip = looking.setting?.strip ?? payload.header.strip;
    const asked = this.closer.isWaiting(payload, looking);
    const chart = this.chartOf(looking.active);
    return { payload, looking, theme, width, live: host.live, chart, strip, asked };
  }

  private lookCloser(): void {
    const { payload, looking, host } = this;
    if (host.live) this.closer.look(payload, looking, this.chartOf(looking.active));
  }

  private eventsOf(key: string): HeatmapEvents {
    return {
      hover: (cell) => this.hover(key, cell),
      select: (cell) => this.select(key, cell),
      open: (cell, by) => this.offer(key, cell, by === "keyboard"),
      letter: (cell, letter) => this.letter(key, cell, letter),
      up: () => this.up(),
      escape: () => this.escape(),
      focus: () => this.activate(key),
      restyled: () => this.renderMaps(),
    };
  }

  private hover(key: string, cell: number): void {
    const box = cell < 0 || this.menu.open ? null : this.maps.boxIn(this.element, key, cell);
    if (!box) {
      this.tooltip.hide();
      return;
    }
    const chart = this.chartOf(key);
    const { metric, estimates } = this.looking;
    const facts = cellFacts(chart, chart.metricIndex(metric), cell, estimates);
    this.tooltip.show(facts, hintAt(this.payload, chart, cell), box);
  }

  private activate(key: string): void {
    if (this.looking.active === key) return;
    this.looking.active = key;
    this.host.setState({ selection: this.looking.selection });
    this.renderCell();
  }

  private select(key: string, cell: number): void {
    this.menu.hide();
    this.looking.pick(key, this.chartOf(key).nameOf(cell));
    this.host.setState({ selection: this.looking.selection });
    this.renderMaps();
    this.renderCell();
  }

  /** Asks which way to go on from a node. */
  private offer(key: string, cell: number, byKeyboard: boolean): void {
    const chart = this.chartOf(key);
    const choices = this.choicesAt(chart, cell);
    const box = this.maps.boxIn(this.element, key, cell);
    if (!choices.length || !box) {
      if (byKeyboard && cell >= 0) this.progress.say(hintAt(this.payload, chart, cell));
      return;
    }
    this.tooltip.hide();
    this.menu.show(chart.nameOf(cell), choices, box, byKeyboard);
  }

  private letter(key: string, cell: number, letter: string): boolean {
    const chart = this.chartOf(key);
    if (letter === "p" && pinnedAt(this.payload, this.looking, chart, cell) !== null) {
      this.pin(chart.nameOf(cell));
      return true;
    }
    const choices = [
      ...this.choicesAt(chart, cell),
      ...toLogits(this.payload, this.looking, this.host.live),
    ];
    const choice = choices.find(({ way }) => way.letter === letter);
    if (choice) this.drill(key, choice.way);
    return choice !== undefined;
  }

  private pin(node: string): void {
    this.looking.pin(node);
    const { pins } = this.looking;
    this.host.setState({ pins: [...pins] });
    this.progress.say(pins.includes(node) ? `pinned ${node}` : `unpinned ${node}`);
    this.side.update(this.sideProps);
  }

  /** Asks how much of the behaviour the pinned nodes carry. */
  private measureCircuit(): void {
    const { pins, prefix: setting } = this.looking;
    this.host.command({ command: "circuit", nodes: [...pins], setting });
    this.progress.say("asked the kernel how much the circuit carries");
  }

  private drill(from: string, way: Way): void {
    this.menu.hide();
    this.tooltip.hide();
    const { looking, host } = this;
    const { receiver, sender, name } = way;
    const key = mapOf(way, looking);
    const chart = looking.chart(key);
    if (chart && !(host.live && isStopped(chart))) {
      this.arrive({ from, key });
    } else if (host.live) {
      this.asked = { from, key };
      this.progress.say(`asked the kernel: ${questionOf(way)}`);
      const { prefix: setting, form } = looking;
      host.command({ command: "drill", receiver, sender, setting, form });
    } else {
      const call = sender ? `study.paths_from("${sender}")` : callFor(receiver);
      this.progress.say(`${name} was not measured; run ${call} with a kernel`);
    }
  }

  /** Asks for the first map that is not here. */
  private measure(now: boolean): void {
    const { looking, host } = this;
    const { direction, corruption, metrics } = looking.wanted;
    const tab = looking.first.slice(looking.prefix.length);
    const { confirmSeconds } = host.preferences ?? DEFAULTS;
    const { seconds } = this.payload.header.offers?.tabs.find(({ key }) => key === tab) ?? {};
    if (confirmSeconds && (seconds ?? 0) > confirmSeconds && this.doubted !== looking.first) {
      this.doubted = looking.first;
      this.renderMaps();
      return;
    }
    this.asked = { from: looking.first, key: looking.first };
    host.command({ command: "sweep", tab, direction, corruption, metrics, now });
    this.progress.say(`asked the kernel for ${looking.first}`);
    this.render();
  }

  private arrive({ from, key }: { from: string; key: string }): void {
    const hadFocus = this.element.contains(document.activeElement);
    this.asked = null;
    if (key !== this.looking.first) this.looking.open(from, key);
    this.moved(`opened ${key}`, hadFocus);
  }

  private show(tab: string): void {
    this.looking.show(tab);
    this.moved(`looking at ${tab}`, false);
  }

  private reset({ wanted, form }: SettingChange): void {
    if (form !== undefined) this.change({ form });
    if (!wanted) return;
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
    this.tooltip.hide();
    this.menu.hide();
    const { trail, selection } = this.looking;
    this.host.setState({ trail: [...trail], selection });
    this.progress.say(said);
    this.render();
    if (focus) this.maps.focus(this.looking.active);
  }

  private escape(): void {
    this.tooltip.hide();
    if (this.menu.open) this.menu.hide();
    else this.cancel();
  }

  private cancel(): void {
    this.asked = null;
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

  private choicesAt(chart: Chart, cell: number): Choice[] {
    return choicesAt(this.payload, this.looking, this.host.live, chart, cell);
  }

  /** Returns a map; where it is not measured, another of its setting, or the first. */
  private chartOf(key: string): Chart {
    const { looking, payload } = this;
    const { charts } = payload;
    const near = charts.find(({ map }) => looking.prefix && map.key.startsWith(looking.prefix));
    return looking.chart(key) ?? near ?? (charts[0] as Chart);
  }
}

function isStopped({ map }: Chart): boolean {
  return map.progress.state === "cancelled" || map.progress.state === "failed";
}

function callFor(receiver: string): string {
  return `study.path(receivers=${JSON.stringify(receiver.split(", "))})`;
}
