import type { Chart } from "../core/chart";
import { fill, h } from "../core/dom";
import { pairName } from "../core/pair-map";

/** The place of a map that is not here on the chosen pair. */
export class MissingPair {
  readonly element = h("div", { class: "pw-unmeasured pw-missing-pair" });
  private shown = "";

  /** `live` where a kernel has been asked for it, `room` the most pixels it may be wide. */
  update({ map, pair }: Chart, live: boolean, room: number): void {
    this.element.style.maxWidth = `${room}px`;
    const named = pairName(pair?.prompt ?? 0);
    const code = map.call || `result.on_pair(${pair?.prompt ?? 0})`;
    const written = JSON.stringify([named, code, live]);
    if (written === this.shown) return;
    this.shown = written;
    const text = live
      ? `Asked the kernel for the map of ${named}.`
      : `The map of ${named} is not in this file. With a kernel, this gives it:`;
    fill(this.element, h("p", { class: "pw-muted" }, text), !live && h("code", {}, code));
  }
}
