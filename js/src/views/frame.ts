import { button, fill, h } from "../core/dom";
import { adoptTheme, type Theme, watchTheme } from "../core/theme";
import { sizeAt } from "./size";

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
  theme: Theme;
  width = 0;
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
    this.theme = adoptTheme(this.element);
    this.measure();
  }

  /** Begins to follow the page; not before the view can draw itself. */
  watch(): void {
    const { signal } = this.listening;
    watchTheme(() => this.redraw(), signal);
    const sizes = new ResizeObserver(() => {
      if (this.measure()) this.redraw();
    });
    sizes.observe(this.element);
    signal.addEventListener("abort", () => sizes.disconnect(), { once: true });
  }

  update(title: string, caption: string, code: string): void {
    this.title.textContent = title;
    this.caption.textContent = caption;
    this.code = code;
    this.copy.hidden = !code;
  }

  /** Most pixels that what is inside may be wide. */
  get room(): number {
    return Math.max(200, this.width - 34);
  }

  say(text: string): void {
    this.status.textContent = text;
  }

  destroy(): void {
    this.listening.abort();
    this.element.remove();
  }

  private measure(): boolean {
    const width = this.element.clientWidth;
    if (!width || width === this.width) return false;
    this.width = width;
    this.element.dataset.size = sizeAt(width);
    return true;
  }

  private redraw(): void {
    this.theme = adoptTheme(this.element);
    this.changed();
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
