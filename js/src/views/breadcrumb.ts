import { button, fill, h } from "../core/dom";

/** The maps opened so far, and the way back. */
export class Breadcrumb {
  private readonly steps = h("span", { class: "pw-steps" });
  private readonly back = button(
    { class: "pw-back", "aria-label": "back to the map before" },
    () => this.up(),
    "‹ Back",
  );
  readonly element = h(
    "nav",
    { class: "pw-trail", "aria-label": "maps opened" },
    this.back,
    this.steps,
  );
  private shown = "";

  constructor(
    private readonly up: () => void,
    private readonly goTo: (depth: number) => void,
  ) {}

  update(trail: string[]): void {
    this.element.hidden = trail.length < 2;
    const written = trail.join("\n");
    if (written === this.shown) return;
    this.shown = written;
    const last = trail.length - 1;
    fill(
      this.steps,
      ...trail.flatMap((key, depth) => [
        depth > 0 && h("span", { class: "pw-muted", "aria-hidden": "true" }, " › "),
        depth === last
          ? h("b", { "aria-current": "page" }, key)
          : button({ class: "pw-link" }, () => this.goTo(depth), key),
      ]),
    );
  }
}
