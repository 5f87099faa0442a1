import type { ComparisonPayload, Found } from "../core/comparison";
import { h } from "../core/dom";
import type { Host } from "../core/host";
import type { ComparisonState } from "../generated/views";
import { AdviceView } from "./advice";
import { AgreementView } from "./agreement";
import { saidOf, spoken } from "./comparison-facts";
import { ComparisonHead } from "./comparison-head";
import type { HeatmapEvents } from "./heatmap";
import { NodePanel } from "./node-panel";
import { NodeTip } from "./node-table";
import { ProgressView } from "./progress";
import { SmallMaps } from "./small-maps";
import { Surroundings } from "./surroundings";
import { isGoing } from "./ways";

/** The maps of a comparison side by side, with what each method detects. */
export class ComparisonView {
  readonly element: HTMLElement;
  private readonly listening = new AbortController();
  private readonly head: ComparisonHead;
  private readonly maps = new SmallMaps((way) => this.eventsOf(way));
  private readonly panel = new NodePanel();
  private readonly agreement: AgreementView;
  private readonly advice = new AdviceView(
    (rule) => this.host.command({ command: "silence", rule }),
    (text) => this.progress.say(text),
  );
  private readonly progress = new ProgressView(() => this.cancel());
  private readonly spoken = h("div", { class: "pw-unseen", role: "status", "aria-live": "polite" });
  private readonly tip = new NodeTip();
  private selection = "";
  private rule = "";
  private scale: ComparisonState["scale"] = "metric";
  private hovered = "";
  private readonly surroundings: Surroundings;

  constructor(
    parent: HTMLElement,
    private payload: ComparisonPayload,
    private host: Host,
  ) {
    this.head = new ComparisonHead(
      (choice) => this.change(choice),
      (text) => this.progress.say(text),
    );
    this.agreement = new AgreementView(
      {
        select: (node) => this.select(node),
        hover: (node) => this.hover(node),
        say: (text) => this.progress.say(text),
      },
      this.listening.signal,
    );
    this.element = this.build();
    parent.append(this.element);
    this.surroundings = new Surroundings(this.element);
    this.surroundings.watch(() => this.redraw(), this.listening.signal);
    this.render();
  }

  /** Draws a newer payload in place; focus and selection stay. */
  update(payload: ComparisonPayload): void {
    this.payload = payload;
    this.render();
  }

  /** Takes over what the other side says the reader has chosen; unknown names are left out. */
  choose(state: Partial<ComparisonState>): void {
    const { selection, rule, scale } = state;
    if (selection !== undefined && (!selection || this.knows(selection))) {
      this.selection = selection;
    }
    if (rule !== undefined) this.rule = rule;
    if (scale !== undefined) this.scale = scale;
    this.render();
  }

  /** Goes on in another place: a kernel that has come, or none where one has gone. */
  connect(host: Host): void {
    this.host = host;
    this.render();
  }

  /** What the reader has chosen. */
  get state(): ComparisonState {
    return { selection: this.selection, rule: this.rule, scale: this.scale };
  }

  destroy(): void {
    this.listening.abort();
    this.maps.destroy();
    this.element.remove();
  }

  private build(): HTMLElement {
    return h(
      "div",
      { class: "pw-explorer pw-comparison" },
      this.head.element,
      h(
        "div",
        { class: "pw-body" },
        h("div", { class: "pw-main" }, this.maps.element),
        h("div", { class: "pw-side" }, this.panel.element, this.advice.element),
      ),
      this.agreement.element,
      this.progress.element,
      this.spoken,
      this.tip.element,
    );
  }

  private redraw(): void {
    this.tip.hide();
    this.render();
  }

  private render(): void {
    const { payload, host } = this;
    const { header } = payload;
    this.head.update(header, this.state);
    this.renderNode();
    this.advice.update(header.advice, host.live);
    this.progress.update(header.progress, host.live, false);
  }

  /** Draws what depends on the node that is pointed at or selected. */
  private renderNode(): void {
    const { payload, found, selection, hovered, scale } = this;
    const { theme, width } = this.surroundings;
    this.maps.update({ payload, found, scale, selection, hovered, theme, width });
    this.panel.update(payload, found, selection);
    this.agreement.update(payload, found, { selection, hovered, theme });
  }

  private get found(): Found | null {
    const { findings } = this.payload;
    return findings.find(({ rule }) => rule === this.rule) ?? findings[0] ?? null;
  }

  private eventsOf(way: number): HeatmapEvents {
    return {
      hover: (cell) => this.point(way, cell),
      select: (cell) => this.select(this.nameOf(way, cell)),
      open: (cell) => this.select(this.nameOf(way, cell)),
      letter: () => false,
      up() {},
      escape: () => this.escape(),
      focus() {},
      restyled: () => this.renderNode(),
    };
  }

  private nameOf(way: number, cell: number): string {
    return cell < 0 ? "" : (this.payload.ways[way]?.chart.nameOf(cell) ?? "");
  }

  /** The pointer, or the keyboard, is on a cell of a map; -1 where it has left. */
  private point(way: number, cell: number): void {
    const node = this.nameOf(way, cell);
    const box = node ? this.maps.boxIn(this.element, way, cell) : null;
    if (box) this.tip.show(this.payload, this.found, node, box);
    else this.tip.hide();
    this.hover(node);
  }

  private hover(node: string): void {
    if (node === this.hovered) return;
    this.hovered = node;
    this.renderNode();
  }

  private select(node: string): void {
    if (!node) return;
    if (node !== this.selection) {
      this.selection = node;
      this.host.setState({ selection: node });
      this.renderNode();
    }
    const said = saidOf(this.payload, this.found, node).map(spoken);
    this.spoken.textContent = `${node}: ${said.join("; ")}`;
  }

  private knows(node: string): boolean {
    return this.payload.charts.some((chart) => chart.cellOf(node) >= 0);
  }

  private escape(): void {
    if (!this.tip.element.hidden) this.tip.hide();
    else this.cancel();
  }

  private cancel(): void {
    if (!this.host.live) return;
    const going = this.payload.charts.filter(isGoing);
    for (const { map } of going) this.host.command({ command: "cancel", key: map.key });
    if (going.length) this.progress.say("stopping all maps");
  }

  private change(state: Partial<ComparisonState>): void {
    this.host.setState(state);
    this.choose(state);
  }
}
