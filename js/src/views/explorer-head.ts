import { button, fill, h, setAttributes } from "../core/dom";
import type { Explorer, MetricColumn } from "../generated/views";

/** Title, settings, the choice of a metric, and the code behind it all. */
export class ExplorerHead {
  private readonly title = h("span", { class: "pw-title", role: "heading", "aria-level": 2 });
  private readonly facts = h("span", { class: "pw-facts" });
  private readonly metrics = h("span", {
    class: "pw-metrics",
    role: "group",
    "aria-label": "metric",
  });
  private readonly copy = button(
    { class: "pw-button" },
    () => void this.copyCode(),
    "Copy as Python",
  );
  readonly element = h(
    "header",
    { class: "pw-head" },
    this.title,
    this.facts,
    h("span", { class: "pw-actions" }, this.metrics, this.copy),
  );
  private code = "";
  private shown = "";

  constructor(
    private readonly chosen: (metric: string) => void,
    private readonly say: (text: string) => void,
  ) {}

  update(header: Explorer, metrics: MetricColumn[], metric: string): void {
    this.code = header.code;
    this.copy.hidden = !header.code;
    this.title.textContent = header.title;
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
    this.showMetrics(metrics, metric);
  }

  private showMetrics(metrics: MetricColumn[], chosen: string): void {
    this.metrics.hidden = metrics.length < 2;
    const written = JSON.stringify(metrics.map(({ name, label }) => [name, label]));
    if (written !== this.shown) {
      this.shown = written;
      fill(
        this.metrics,
        ...metrics.map(({ name, label }) =>
          button({ class: "pw-metric", "data-metric": name }, () => this.chosen(name), label),
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
