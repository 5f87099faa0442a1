import type { ArrayMapPayload } from "../core/array-map";
import { h } from "../core/dom";
import type { Host } from "../core/host";
import type { ArrayMapState } from "../generated/views";
import { cellFacts, spokenFacts } from "./cell-facts";
import { MapPanel } from "./map-panel";
import { Surroundings } from "./surroundings";
import { Tooltip } from "./tooltip";

const PADDING = 16;

/** A map of somebody's array, with its scale and its words. */
export class ArrayMapView {
  readonly element: HTMLElement;
  private readonly listening = new AbortController();
  private readonly tooltip = new Tooltip();
  private readonly spoken = h("div", { class: "pw-unseen", role: "status", "aria-live": "polite" });
  private readonly panel: MapPanel;
  private selection = "";
  private readonly surroundings: Surroundings;

  constructor(
    parent: HTMLElement,
    private payload: ArrayMapPayload,
    private host: Host,
  ) {
    this.panel = new MapPanel({
      hover: (cell) => this.hover(cell),
      select: (cell) => this.select(cell),
      open() {},
      letter: () => false,
      up() {},
      escape: () => this.tooltip.hide(),
      focus() {},
      restyled: () => this.render(),
    });
    this.element = h(
      "div",
      { class: "pw-explorer pw-array-map" },
      this.panel.element,
      this.spoken,
      this.tooltip.element,
    );
    parent.append(this.element);
    this.surroundings = new Surroundings(this.element);
    this.surroundings.watch(() => this.redraw(), this.listening.signal);
    this.render();
  }

  /** Draws newer numbers in place; focus, selection and what is zoomed to stay. */
  update(payload: ArrayMapPayload): void {
    this.payload = payload;
    this.tooltip.hide();
    this.render();
  }

  /** Takes over what the other side says the reader has chosen; a name that is not here is none. */
  choose({ selection }: Partial<ArrayMapState>): void {
    if (selection === undefined || selection === this.selection) return;
    this.selection = selection;
    this.render();
  }

  /** Goes on in another place: a kernel that has come, or none where one has gone. */
  connect(host: Host): void {
    this.host = host;
  }

  /** What the reader has chosen. */
  get state(): ArrayMapState {
    return { selection: this.selection };
  }

  destroy(): void {
    this.listening.abort();
    this.panel.destroy();
    this.element.remove();
  }

  private redraw(): void {
    this.tooltip.hide();
    this.render();
  }

  private render(): void {
    const { chart } = this.payload;
    this.panel.update({
      chart,
      metric: 0,
      estimates: true,
      room: this.surroundings.width - 2 * PADDING,
      selected: this.selection ? chart.cellOf(this.selection) : -1,
      passed: [],
      theme: this.surroundings.theme,
      describe: (cell) => spokenFacts(chart, 0, cell, true),
    });
  }

  private hover(cell: number): void {
    const { chart } = this.payload;
    if (cell < 0) this.tooltip.hide();
    else
      this.tooltip.show(cellFacts(chart, 0, cell, true), "", this.panel.boxIn(this.element, cell));
  }

  private select(cell: number): void {
    const { chart } = this.payload;
    this.selection = chart.nameOf(cell);
    this.host.setState({ selection: this.selection });
    this.spoken.textContent = spokenFacts(chart, 0, cell, true);
    this.render();
  }
}
