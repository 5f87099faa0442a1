import { button, fill, h } from "../core/dom";
import type { Heatmap } from "../generated/views";

/** The maps that wait for their turn, each of which can be taken back. */
export class QueueView {
  readonly element = h("ul", { class: "pw-queue", "aria-label": "waiting to be measured" });
  private shown = "";

  constructor(private readonly cancel: (key: string) => void) {}

  update(maps: Heatmap[], current: string, live: boolean): void {
    const waiting = maps
      .filter(({ key, progress }) => progress.state === "waiting" && key !== current)
      .map(({ key }) => key);
    this.element.hidden = !live || !waiting.length;
    const written = JSON.stringify(waiting);
    if (written === this.shown) return;
    this.shown = written;
    fill(
      this.element,
      ...waiting.map((key) => {
        const label = `do not measure ${key}`;
        return h(
          "li",
          {},
          h("span", { class: "pw-muted" }, `${key} waits`),
          button(
            { class: "pw-unread", "aria-label": label, title: label },
            () => this.cancel(key),
            "×",
          ),
        );
      }),
    );
  }
}
