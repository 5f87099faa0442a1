import { button, fill, h } from "../core/dom";
import type { HeatmapView } from "./heatmap";
import { ZOOM_STEP } from "./heatmap-keys";
import { FORMATS, saveMap } from "./heatmap-save";
import { SCALES, type Scale } from "./heatmap-scale";
import { canFillScreen, isFullScreen, toggleFullScreen } from "./screen";

/** Fewest pixels of a map that has room for a button to fill the screen. */
const ROOM = 120;

const CORNERS = "M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3";
const DOTS = "M3 8h.01M8 8h.01M13 8h.01";

/**
 * The buttons over a map, and its menu. They are no stops of the Tab key, because a page can have
 * many maps: on the map itself, `m` opens the menu, and what it offers has keys of its own.
 */
export class HeatmapTools {
  private readonly more = tool("Menu of this map (M)", DOTS, () => this.open());
  private readonly screen = tool("Full screen (F)", CORNERS, () =>
    toggleFullScreen(this.view.element),
  );
  private readonly menu = h("div", {
    ...{ class: "pw-map-menu", role: "menu", popover: "auto", hidden: true },
    "aria-label": "Map",
  });
  readonly element = h("div", { class: "pw-map-tools" }, this.screen, this.more, this.menu);

  constructor(
    private readonly view: HeatmapView,
    signal: AbortSignal,
  ) {
    this.more.setAttribute("aria-haspopup", "menu");
    this.menu.addEventListener("keydown", (event) => this.key(event), { signal });
    this.menu.addEventListener(
      "toggle",
      (event) => {
        if ((event as ToggleEvent).newState === "closed") this.menu.hidden = true;
      },
      { signal },
    );
  }

  /** Makes room on a map that is so many pixels wide. */
  update(width: number): void {
    this.screen.hidden = width < ROOM || !canFillScreen();
  }

  /** Opens the menu and puts the keyboard on it. */
  open(): void {
    this.fill();
    this.menu.hidden = false;
    this.menu.showPopover?.();
    const { right, bottom } = this.more.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.menu;
    const left = Math.max(8, Math.min(right, window.innerWidth - 8) - width);
    const top = Math.max(8, Math.min(bottom + 4, window.innerHeight - height - 8));
    this.menu.style.left = `${left}px`;
    this.menu.style.top = `${top}px`;
    this.items()[0]?.focus({ preventScroll: true });
  }

  private fill(): void {
    const { view } = this;
    const { all, chosen } = view.scales;
    const full = isFullScreen(view.element);
    fill(
      this.menu,
      this.item("Zoom in", "+", () => view.zoom(ZOOM_STEP)),
      this.item("Zoom out", "−", () => view.zoom(1 / ZOOM_STEP)),
      this.item("Whole map", "0", () => view.showAll()),
      canFillScreen() &&
        this.item(full ? "Leave full screen" : "Full screen", "F", () =>
          toggleFullScreen(view.element),
        ),
      group("Colours reach", ...all.map((scale) => this.choice(scale, chosen))),
      group(
        "Save",
        ...FORMATS.map((format) =>
          this.item(format.toUpperCase(), "", () => void saveMap(view, format)),
        ),
      ),
    );
  }

  private item(text: string, key: string, act: () => void): HTMLButtonElement {
    return button(
      { class: "pw-map-item", role: "menuitem", tabindex: -1 },
      () => this.take(act),
      h("span", {}, text),
      key && h("kbd", { "aria-hidden": "true" }, key),
    );
  }

  private choice(scale: Scale, chosen: Scale): HTMLButtonElement {
    const item = this.item(SCALES[scale], "", () => this.view.useScale(scale));
    item.setAttribute("role", "menuitemradio");
    item.setAttribute("aria-checked", String(scale === chosen));
    return item;
  }

  private take(act: () => void): void {
    this.close();
    act();
  }

  private close(): void {
    this.menu.hidePopover?.();
    this.menu.hidden = true;
    this.view.focus();
  }

  private items(): HTMLButtonElement[] {
    return [...this.menu.querySelectorAll("button")];
  }

  private key(event: KeyboardEvent): void {
    const items = this.items();
    const at = items.indexOf(event.target as HTMLButtonElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (to !== undefined) items.at(to % items.length)?.focus();
    else if (["Escape", "Backspace", "Tab", "m"].includes(event.key)) this.close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function group(title: string, ...items: HTMLElement[]): HTMLElement {
  return h(
    "div",
    { class: "pw-map-group", role: "group", "aria-label": title },
    h("div", { class: "pw-muted", "aria-hidden": "true" }, title),
    ...items,
  );
}

function tool(title: string, path: string, act: () => void): HTMLButtonElement {
  const space = "http://www.w3.org/2000/svg";
  const icon = document.createElementNS(space, "svg");
  icon.setAttribute("viewBox", "0 0 16 16");
  icon.setAttribute("aria-hidden", "true");
  const drawn = document.createElementNS(space, "path");
  drawn.setAttribute("d", path);
  icon.append(drawn);
  return button({ class: "pw-map-tool", title, "aria-label": title, tabindex: -1 }, act, icon);
}
