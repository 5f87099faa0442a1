import type { CircuitPayload } from "../core/circuit";
import { button, fill, h } from "../core/dom";
import type { Host } from "../core/host";
import type { CircuitState } from "../generated/views";
import { AdviceView } from "./advice";
import { CircuitView } from "./circuit";
import { ProgressView } from "./progress";
import { Surroundings } from "./surroundings";
import { Switch } from "./switch";

const PADDING = 34;

/** A circuit in an output of its own. */
export class CircuitPage {
  readonly element: HTMLElement;
  private readonly listening = new AbortController();
  private readonly title = h("span", { class: "pw-title", role: "heading", "aria-level": 2 });
  private readonly facts = h("span", { class: "pw-facts" });
  private readonly metrics = h("span", {});
  private readonly copy = button(
    { class: "pw-button" },
    () => void this.copyCode(),
    "Copy as Python",
  );
  private readonly circuit = new CircuitView({ select: (node) => this.select(node) });
  private readonly advice = new AdviceView(
    (rule) => this.host.command({ command: "silence", rule }),
    (text) => this.progress.say(text),
  );
  private readonly progress = new ProgressView(() => this.cancel());
  private selection = "";
  private metric = "";
  private readonly surroundings: Surroundings;
  private switched = "";
  private choice: Switch<string> | null = null;

  constructor(
    parent: HTMLElement,
    private payload: CircuitPayload,
    private host: Host,
  ) {
    this.element = this.build();
    parent.append(this.element);
    this.surroundings = new Surroundings(this.element);
    this.surroundings.watch(() => this.render(), this.listening.signal);
    this.render();
  }

  /** Draws a newer payload in place; focus and selection stay. */
  update(payload: CircuitPayload): void {
    this.payload = payload;
    this.render();
  }

  /** Takes over what the other side says the reader has chosen; unknown names are left out. */
  choose({ selection, metric }: Partial<CircuitState>): void {
    if (selection !== undefined && (!selection || this.knows(selection))) {
      this.selection = selection;
    }
    if (metric !== undefined) this.metric = metric;
    this.render();
  }

  /** Goes on in another place: a kernel that has come, or none where one has gone. */
  connect(host: Host): void {
    this.host = host;
    this.render();
  }

  /** What the reader has chosen. */
  get state(): CircuitState {
    return { selection: this.selection, metric: this.metric };
  }

  destroy(): void {
    this.listening.abort();
    this.circuit.destroy();
    this.element.remove();
  }

  private build(): HTMLElement {
    const element = h(
      "div",
      { class: "pw-explorer pw-circuit-page" },
      h(
        "div",
        { class: "pw-head" },
        this.title,
        this.facts,
        h("span", { class: "pw-actions" }, this.metrics, this.copy),
      ),
      h("div", { class: "pw-main" }, this.circuit.element, this.advice.element),
      this.progress.element,
    );
    const stops = ({ key }: KeyboardEvent) => key === "Escape" && this.cancel();
    element.addEventListener("keydown", stops, { signal: this.listening.signal });
    return element;
  }

  private render(): void {
    const { header } = this.payload;
    const { selection: selected, metric } = this;
    const { theme } = this.surroundings;
    this.title.textContent = header.title;
    this.copy.hidden = !header.code;
    fill(
      this.facts,
      ...header.facts.map(({ label, value }) =>
        h(
          "span",
          { class: "pw-fact" },
          h("span", { class: "pw-muted" }, `${label} `),
          h("b", {}, value),
        ),
      ),
    );
    this.renderMetrics();
    const width = (this.surroundings.width || 640) - PADDING;
    this.circuit.update({ circuit: header, selected, theme, width, metric });
    this.advice.update(header.advice, this.host.live);
    if (header.progress) this.progress.update(header.progress, this.host.live, false);
    this.progress.element.hidden = !header.progress;
  }

  /** A switch between metrics, where there are several. */
  private renderMetrics(): void {
    const { metrics } = this.payload.header;
    const options = metrics.map(({ name, label }): [string, string] => [name, label]);
    const names = JSON.stringify(options);
    if (names !== this.switched) {
      this.switched = names;
      this.choice =
        options.length > 1
          ? new Switch("metric", options, (metric) => this.change({ metric }))
          : null;
      fill(this.metrics, this.choice?.element);
    }
    const shown = metrics.find(({ name }) => name === this.metric) ?? metrics[0];
    this.choice?.update(shown?.name ?? "");
  }

  private select(node: string): void {
    this.change({ selection: node === this.selection ? "" : node });
  }

  private knows(node: string): boolean {
    return this.payload.header.nodes.some(({ name }) => name === node);
  }

  private cancel(): void {
    const state = this.payload.header.progress?.state;
    if (!this.host.live || (state !== "running" && state !== "waiting")) return;
    this.host.command({ command: "cancel", key: "circuit" });
    this.progress.say("stopping");
  }

  private change(state: Partial<CircuitState>): void {
    this.host.setState(state);
    this.choose(state);
  }

  private async copyCode(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.payload.header.code);
      this.progress.say("copied");
    } catch {
      this.progress.say(this.payload.header.code);
    }
  }
}
