import { button, fill, h } from "../core/dom";
import type { Theme } from "../core/theme";
import { Surroundings } from "./surroundings";

/** The box around a view that stands alone: its title, its theme, its width, and its code. */
export class Frame {
  private readonly listening = new AbortController();
  private readonly title = h("span", { class: "pw-title", role: "heading", "aria-level": 2 });
  private readonly caption = h("span", { class: "pw-muted pw-frame-caption" });
  private readonly actions = h("span", { class: "pw-actions" });
  private readonly copy = button(
    { class: "pw-button" },
    () => void this.copyCode(),
    "Copy as Python",
  );
  private readonly status = h("div", {
    class: "pw-status pw-muted pw-frame-status",
    role: "status",
    "aria-live": "polite",
  });
  readonly body = h("div", { class: "pw-frame-body" });
  readonly element: HTMLElement;
  private readonly surroundings: Surroundings;
  private code = "";

  /**
   * @param actions What stands beside the title.
   * @param changed Called when the theme or the width has changed, and draws everything.
   */
  constructor(
    parent: HTMLElement,
    kind: string,
    actions: HTMLElement[],
    private readonly changed: () => void,
  ) {
    fill(this.actions, ...actions, this.copy);
    this.element = h(
      "div",
      { class: `pw-explorer pw-frame ${kind}` },
      h("div", { class: "pw-head" }, this.title, this.caption, this.actions),
      this.body,
      this.status,
    );
    parent.append(this.element);
    this.surroundings = new Surroundings(this.element);
  }

  get theme(): Theme {
    return this.surroundings.theme;
  }

  /** Begins to follow the page; not before the view can draw itself. */
  watch(): void {
    this.surroundings.watch(this.changed, this.listening.signal);
  }

  update(title: string, caption: string, code: string): void {
    this.title.textContent = title;
    this.caption.textContent = caption;
    this.code = code;
    this.copy.hidden = !code;
  }

  /** Most pixels that what is inside may be wide. */
  get room(): number {
    return Math.max(200, this.surroundings.width - 34);
  }

  say(text: string): void {
    this.status.textContent = text;
  }

  destroy(): void {
    this.listening.abort();
    this.element.remove();
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
