import { button, h, setAttributes } from "../core/dom";
import { timeLeft } from "../core/format";
import type { Progress } from "../generated/views";

/** How far the measuring has come, what has just happened, and which keys do what. */
export class ProgressView {
  private readonly bar = h("div", { class: "pw-bar" });
  private readonly track = h(
    "div",
    { class: "pw-track", role: "progressbar", "aria-label": "measuring", "aria-valuemin": 0 },
    this.bar,
  );
  private readonly text = h("span", { class: "pw-progress-text" });
  private readonly cancel = button({ class: "pw-button" }, () => this.cancelled(), "Cancel");
  private readonly status = h("span", {
    class: "pw-status",
    role: "status",
    "aria-live": "polite",
  });
  private readonly keys = h("span", { class: "pw-keys pw-muted" });
  readonly element = h(
    "div",
    { class: "pw-foot" },
    this.track,
    h("div", { class: "pw-foot-line" }, this.text, this.cancel, this.status, this.keys),
  );

  constructor(private readonly cancelled: () => void) {}

  update(progress: Progress, live: boolean, drills: boolean): void {
    const { state, done, total, share } = progress;
    const going = state === "running" || state === "waiting";
    this.text.textContent = sentenceOf(progress, live);
    this.text.hidden = !this.text.textContent;
    this.cancel.hidden = !(going && live);
    this.track.hidden = !(going && live);
    setAttributes(this.track, { "aria-valuemax": total, "aria-valuenow": done });
    this.bar.style.width = `${100 * share}%`;
    this.element.classList.toggle("pw-failed", state === "failed");
    this.keys.textContent = drills
      ? "arrows move · Enter drills · P pins · Backspace goes up · Esc cancels"
      : "arrows move · Esc cancels";
  }

  say(text: string): void {
    if (this.status.textContent !== text) this.status.textContent = text;
  }
}

function sentenceOf(
  { state, done, total, seconds_left, message }: Progress,
  live: boolean,
): string {
  const part = `${done} of ${total}`;
  switch (state) {
    case "waiting":
      return live ? "waiting for the model" : "saved before it was measured";
    case "running": {
      if (!live) return `saved while measuring: ${part}`;
      const left = timeLeft(seconds_left);
      return left ? `measuring ${part} · ${left}` : `measuring ${part}`;
    }
    case "cancelled":
      return `stopped after ${part}; the rest is not measured`;
    case "failed":
      return `failed after ${part}: ${message}`;
    default:
      return "";
  }
}
