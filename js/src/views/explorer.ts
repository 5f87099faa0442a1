import type { Chart } from "../core/chart";
import { h } from "../core/dom";
import type { Host } from "../core/host";
import type { HeadInput, Receiver } from "../core/nodes";
import type { Payload } from "../core/payload";
import { adoptTheme, type Theme, watchTheme } from "../core/theme";
import type { ExplorerState } from "../generated/views";
import { AdviceView } from "./advice";
import { BaselineView } from "./baseline";
import { Breadcrumb } from "./breadcrumb";
import { cellFacts } from "./cell-facts";
import { CellPanel } from "./cell-panel";
import { type Choice, DrillMenu } from "./drill-choice";
import { ExplorerHead } from "./explorer-head";
import type { HeatmapEvents } from "./heatmap";
import { Looking } from "./looking";
import { MapRow, sizeAt } from "./map-row";
import { peaksOf } from "./peaks";
import { ProgressView } from "./progress";
import { TokenStripView } from "./token-strip";
import { Tooltip } from "./tooltip";
import { choicesAt, hintAt, isGoing, measuredIn } from "./ways";

/** A first map, the path maps opened from it, and everything around them. */
export class ExplorerView {
  readonly element: HTMLElement;
  private readonly listening = new AbortController();
  private readonly head: ExplorerHead;
  private readonly strip = new TokenStripView((prompt) => this.change({ prompt }));
  private readonly baseline = new BaselineView();
  private readonly breadcrumb = new Breadcrumb(
    () => this.up(),
    (depth) => this.goTo(depth),
  );
  private readonly maps = new MapRow((key) => this.eventsOf(key));
  private readonly panel: CellPanel;
  private readonly advice = new AdviceView(
    (rule) => this.host.command({ command: "silence", rule }),
    (text) => this.progress.say(text),
  );
  private readonly progress = new ProgressView(() => this.cancel());
  private readonly tooltip = new Tooltip();
  private readonly menu: DrillMenu;
  private readonly looking: Looking;
  private theme: Theme;
  private width = 0;
  private asked: { from: string; key: string } | null = null;

  constructor(
    parent: HTMLElement,
    private payload: Payload,
    private host: Host,
  ) {
    this.looking = new Looking(payload.charts);
    this.head = new ExplorerHead(
      (choice) => this.change(choice),
      (text) => this.progress.say(text),
    );
    this.panel = new CellPanel(
      (receiver) => this.drill(this.looking.active, receiver),
      (cell) => this.select(this.looking.active, cell),
    );
    this.menu = new DrillMenu(
      (receiver) => this.drill(this.looking.active, receiver),
      () => this.maps.focus(this.looking.active),
      this.listening.signal,
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
    this.looking.replace(payload.charts);
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

  /** What the reader has chosen. */
  get state(): ExplorerState {
    return this.looking.state;
  }

  destroy(): void {
    this.listening.abort();
    this.maps.destroy();
    this.element.remove();
  }

  private build(): HTMLElement {
    const side = h("aside", { class: "pw-side" }, this.panel.element, this.advice.element);
    return h(
      "div",
      { class: "pw-explorer" },
      this.head.element,
      h("div", { class: "pw-context" }, this.strip.element, this.baseline.element),
      h(
        "div",
        { class: "pw-body" },
        h("div", { class: "pw-main" }, this.breadcrumb.element, this.maps.element),
        side,
      ),
      this.progress.element,
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
    const { header } = this.payload;
    const { looking } = this;
    const first = this.payload.charts[0] as Chart;
    const metric = first.metric(first.metricIndex(looking.metric));
    this.head.update(header, first.map.metrics, metric.name);
    this.head.offerEstimates(header.maps, looking.estimates);
    this.strip.update(header.strip, looking.prompt);
    this.baseline.update(header, metric);
    this.breadcrumb.update(looking.trail);
    this.renderMaps();
    this.renderPanel();
    this.advice.update(header.advice, this.host.live);
    this.progress.update(
      measuredIn(this.payload, this.looking).map.progress,
      this.host.live,
      header.drills,
    );
  }

  private renderMaps(): void {
    const { payload, looking, theme, width } = this;
    this.maps.update({ payload, looking, theme, width });
  }

  private renderPanel(): void {
    const key = this.looking.active;
    const chart = this.chartOf(key);
    const metric = chart.metricIndex(this.looking.metric);
    const cell = this.looking.cellIn(key);
    this.panel.update({
      facts: cell < 0 ? null : cellFacts(chart, metric, cell, this.looking.estimates),
      receiver: this.isFirst(key) ? "" : key,
      choices: this.choicesAt(chart, cell),
      peaks: peaksOf(chart, metric, this.theme.palette, this.looking.estimates),
      peaksOf: this.isFirst(key) ? "Strongest cells" : `Strongest into ${key}`,
      hint: hintAt(this.payload, chart, cell),
    });
  }

  private eventsOf(key: string): HeatmapEvents {
    return {
      hover: (cell) => this.hover(key, cell),
      select: (cell) => this.select(key, cell),
      open: (cell, by) => this.offer(key, cell, by === "keyboard"),
      drill: (cell, input) => this.drillInput(key, cell, input),
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
    this.renderPanel();
  }

  private select(key: string, cell: number): void {
    this.menu.hide();
    this.looking.pick(key, this.chartOf(key).nameOf(cell));
    this.host.setState({ selection: this.looking.selection });
    this.renderMaps();
    this.renderPanel();
  }

  /** Asks which input of a head to open. */
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

  private drillInput(key: string, cell: number, input: HeadInput): void {
    const choice = this.choicesAt(this.chartOf(key), cell).find(
      ({ receiver }) => receiver.input === input,
    );
    if (choice) this.drill(key, choice.receiver);
  }

  private drill(from: string, { name }: Receiver): void {
    this.menu.hide();
    this.tooltip.hide();
    if (this.looking.chart(name)) {
      this.arrive({ from, key: name });
    } else if (this.host.live) {
      this.asked = { from, key: name };
      this.progress.say(`asked the kernel for ${name}`);
      this.host.command({ command: "drill", receiver: name });
    } else {
      const call = `study.path(receivers=["${name}"])`;
      this.progress.say(`${name} was not measured; run ${call} with a kernel`);
    }
  }

  private arrive({ from, key }: { from: string; key: string }): void {
    const hadFocus = this.element.contains(document.activeElement);
    this.asked = null;
    this.looking.open(from, key);
    this.moved(`opened ${key}`, hadFocus);
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

  private isFirst(key: string): boolean {
    return key === this.payload.charts[0]?.map.key;
  }

  private chartOf(key: string): Chart {
    return this.looking.chart(key) ?? (this.payload.charts[0] as Chart);
  }
}
