import { button, fill } from "../core/dom";
import type { Host } from "../core/host";
import { type EffectsPayload, metricIn } from "../core/prompt-effects";
import type { MetricColumn, PromptEffectsState } from "../generated/views";
import { Frame } from "./frame";
import { PromptEffectsPanel } from "./prompt-effects-panel";
import { Switch } from "./switch";
import { TokenStripView } from "./token-strip";

/** The effect of one patch on every prompt pair, by itself, with the chosen pair below. */
export class PromptEffectsView {
  private readonly frame: Frame;
  private readonly panel = new PromptEffectsPanel((prompt) => this.change({ prompt }));
  private readonly strip = new TokenStripView((prompt) => this.change({ prompt }));
  private readonly rows = new Switch<"all" | "groups">(
    "rows",
    [
      ["all", "all pairs"],
      ["groups", "by group"],
    ],
    (name) => this.change({ grouped: name === "groups" }),
  );
  private readonly metrics = document.createElement("span");
  private listed = "";
  private chosen: PromptEffectsState = { selection: "", metric: "", prompt: 0, grouped: false };

  constructor(
    parent: HTMLElement,
    private payload: EffectsPayload,
    private host: Host,
  ) {
    this.metrics.className = "pw-metrics";
    this.metrics.setAttribute("role", "group");
    this.metrics.setAttribute("aria-label", "metric");
    const actions = [this.rows.element, this.metrics];
    this.frame = new Frame(parent, "pw-effects-view", actions, () => this.render());
    this.frame.body.append(this.panel.element, this.strip.element);
    this.chosen.selection = payload.header.node;
    this.frame.watch();
    this.render();
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  /** Draws newer effects in place. */
  update(payload: EffectsPayload): void {
    this.payload = payload;
    this.chosen = { ...this.chosen, selection: payload.header.node };
    this.render();
  }

  /** Takes over what the other side says the reader has chosen. */
  choose(state: Partial<PromptEffectsState>): void {
    this.chosen = { ...this.chosen, ...state };
    this.render();
  }

  /** Goes on in another place: a kernel that has come, or none where one has gone. */
  connect(host: Host): void {
    this.host = host;
  }

  /** What the reader has chosen. */
  get state(): PromptEffectsState {
    return this.chosen;
  }

  destroy(): void {
    this.panel.destroy();
    this.frame.destroy();
  }

  private change(change: Partial<PromptEffectsState>): void {
    this.host.setState(change);
    this.choose(change);
  }

  private render(): void {
    const { payload, chosen, frame } = this;
    const { header } = payload;
    const metric = metricIn(payload, chosen.metric);
    const { pairs } = header.strip;
    const prompt = Math.min(chosen.prompt, Math.max(0, payload.size - 1));
    frame.update(header.title, header.caption, header.code);
    this.rows.element.hidden = new Set(pairs.map(({ group }) => group)).size < 2;
    this.rows.update(chosen.grouped ? "groups" : "all");
    this.showMetrics(header.metrics, metric);
    this.panel.update({
      effects: payload,
      metric,
      pairs,
      prompt,
      grouped: chosen.grouped,
      room: frame.room,
      theme: frame.theme,
    });
    this.strip.update(header.strip, prompt);
  }

  private showMetrics(metrics: MetricColumn[], chosen: number): void {
    this.metrics.hidden = metrics.length < 2;
    const written = JSON.stringify(metrics.map(({ name, label }) => [name, label]));
    if (written !== this.listed) {
      this.listed = written;
      const choice = ({ name, label }: MetricColumn) =>
        button({ class: "pw-metric" }, () => this.change({ metric: name }), label);
      fill(this.metrics, ...metrics.map(choice));
    }
    for (const [index, choice] of [...this.metrics.children].entries()) {
      choice.setAttribute("aria-pressed", String(index === chosen));
    }
  }
}
