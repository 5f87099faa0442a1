import { adoptTheme, type Theme, watchTheme } from "../core/theme";
import { sizeAt } from "./size";

/** The theme of the page around a view, and the width that the view has. */
export class Surroundings {
  theme: Theme;
  width = 0;

  constructor(private readonly element: HTMLElement) {
    this.theme = adoptTheme(element);
    this.measure();
  }

  /** Calls `changed` whenever one of the two is another; not before the view can draw itself. */
  watch(changed: () => void, signal: AbortSignal): void {
    const adopt = () => {
      this.theme = adoptTheme(this.element);
      changed();
    };
    watchTheme(adopt, signal);
    const sizes = new ResizeObserver(() => {
      if (this.measure()) adopt();
    });
    sizes.observe(this.element);
    signal.addEventListener("abort", () => sizes.disconnect(), { once: true });
  }

  private measure(): boolean {
    const width = this.element.clientWidth;
    if (!width || width === this.width) return false;
    this.width = width;
    this.element.dataset.size = sizeAt(width);
    return true;
  }
}
