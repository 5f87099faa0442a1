import { button, fill, h, setAttributes } from "../core/dom";
import type { ExplorerState, Fact, Heatmap, MetricColumn } from "../generated/views";

/** Title, settings, the choice of what is drawn, and the code behind it all. */
export class ExplorerHead {
  private readonly title = h("span", { class: "pw-title", role: "heading", "aria-level": 2 });
  private readonly facts = h("span", { class: "pw-facts" });
  private readonly metrics = h("span", {
    class: "pw-metrics",
    role: "group",
    "aria-label": "metric",
  });
  private readonly shows = h(
    "span",
    { class: "pw-metrics", role: "group", "aria-label": "cells that were not measured" },
    button({ class: "pw-metric" }, () => this.chosen({ estimates: true }), "With estimates"),
    button({ class: "pw-metric" }, () => this.chosen({ estimates: false }), "Measured only"),
  );
  private readonly copy = button(
    { class: "pw-button" },
    () => void this.copyCode(),
    "Copy as Python",
  );
  readonly element = h(
    "div",
    { class: "pw-head" },
    this.title,
    this.facts,
    h("span", { class: "pw-actions" }, this.shows, this.metrics, this.copy),
  );
  private code = "";
  private shown = "";

  constructor(
    private readonly chosen: (choice: Partial<ExplorerState>) => void,
    private readonly say: (text: string) => void,
  ) {}

  /** Shows the title and what is the same for all that is looked at; `code` measures it again. */
  update(title: string, facts: Fact[], code: string): void {
    this.code = code;
    this.copy.hidden = !code;
    this.title.textContent = title;
    fill(
      this.facts,
      ...facts.map(({ label, value }) =>
        h(
          "span",
          { class: "pw-fact" },
          h("span", { class: "pw-muted" }, `${label} `),
          h("b", {}, value),
        ),
      ),
    );
  }

  /** Offers to leave out what was only estimated, where anything was. */
  offerEstimates(maps: Heatmap[], estimates: boolean): void {
    this.shows.hidden = !maps.some(({ estimate }) => estimate);
    const [withEstimates, without] = this.shows.children;
    withEstimates?.setAttribute("aria-pressed", String(estimates));
    without?.setAttribute("aria-pressed", String(!estimates));
  }

  /** Offers the metrics that were read. */
  offerMetrics(metrics: MetricColumn[], chosen: string): void {
    this.metrics.hidden = metrics.length < 2;
    const written = JSON.stringify(metrics.map(({ name, label }) => [name, label]));
    if (written !== this.shown) {
      this.shown = written;
      fill(
        this.metrics,
        ...metrics.map(({ name, label }) =>
          button(
            { class: "pw-metric", "data-metric": name },
            () => this.chosen({ metric: name }),
            label,
          ),
        ),
      );
    }
    for (const choice of this.metrics.children) {
      setAttributes(choice, {
        "aria-pressed": String(choice.getAttribute("data-metric") === chosen),
      });
    }
  }

  private async copyCode(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.code);
      this.say("copied");
    } catch {
      this.say(this.code);
    }
  }
}
