import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ArrayMapPayload } from "../src/core/array-map";
import { readBundle } from "../src/core/payload";
import { ArrayMapView } from "../src/views/array-map";
import type { HeatmapView } from "../src/views/heatmap";
import { csvOfMap, fileNameOf, svgOf } from "../src/views/heatmap-save";
import { FakeHost, press, stored } from "./helpers";

const payload = () => readBundle(stored("synthetic_array")) as unknown as ArrayMapPayload;

let host: FakeHost;
let view: ArrayMapView;
let grid: HTMLElement;

const one = <Kind extends Element = HTMLElement>(selector: string) =>
  view.element.querySelector<Kind>(selector) as Kind;
const heatmap = () => (view as unknown as { panel: { heatmap: HeatmapView } }).panel.heatmap;

afterEach(() => vi.restoreAllMocks());

beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "clientWidth", "get").mockReturnValue(900);
  document.body.replaceChildren();
  host = new FakeHost();
  view = new ArrayMapView(document.body, payload(), host);
  grid = one('[role="grid"]');
});

describe("a map of somebody's array", () => {
  it("says its title, what its colours count and how to redo it, as text", () => {
    expect(one(".pw-map-title").textContent).toContain("<script>alert(1)</script>");
    expect(one(".pw-legend").textContent).toContain("colour: attention");
    expect(one(".pw-caption").textContent).toBe("8 prompts · seed 0");
    expect(view.element.querySelector("script, b b")).toBeNull();
  });

  it("moves by keyboard from the largest cell, and says where it is", () => {
    press(grid, "ArrowDown");
    expect(host.states).toEqual([{ selection: "L2@3" }]);
    expect(one('[role="gridcell"]').textContent).toBe("L2@3, attention +9.00");
    expect(one('[role="status"]').textContent).toBe("L2@3, attention +9.00");
    press(grid, "Home");
    press(grid, "ArrowUp");
    press(grid, "ArrowUp");
    expect(one('[role="status"]').textContent).toBe("L0@0, not measured");
    expect(one(".pw-tooltip").textContent).toContain("token When");
    press(grid, "Escape");
    expect(one(".pw-tooltip").hidden).toBe(true);
  });

  it("takes over a selection, also of a name that is not here", () => {
    view.choose({ selection: "L4@1" });
    expect(one('[role="gridcell"]').textContent).toContain("L4@1");
    view.choose({ selection: "L99H9" });
    expect(one('[role="gridcell"]').textContent).toBe("");
    expect(view.state).toEqual({ selection: "L99H9" });
    expect(host.states).toEqual([]);
  });

  it("goes on in place", () => {
    press(grid, "ArrowDown");
    view.update(payload());
    expect(view.state.selection).toBe("L2@3");
    expect(one('[role="grid"]')).toBe(grid);
  });
});

describe("the menu of a map", () => {
  const items = () => [...view.element.querySelectorAll<HTMLElement>(".pw-map-menu button")];
  const item = (text: string) =>
    items().find((button) => button.textContent?.startsWith(text)) as HTMLElement;

  it("opens by key, moves by arrows, and gives the keyboard back", () => {
    grid.focus();
    press(grid, "m");
    expect(document.activeElement).toBe(item("Zoom in"));
    press(document.activeElement as Element, "ArrowUp");
    expect(document.activeElement).toBe(item("CSV"));
    press(document.activeElement as Element, "ArrowDown");
    expect(document.activeElement).toBe(item("Zoom in"));
    press(document.activeElement as Element, "Escape");
    expect(one(".pw-map-menu").hidden).toBe(true);
    expect(document.activeElement).toBe(grid);
  });

  it("is no stop of the Tab key", () => {
    press(grid, "m");
    const stops = [...view.element.querySelectorAll<HTMLElement>("*")].filter(
      (element) => element.tabIndex >= 0,
    );
    expect(stops).toEqual([grid]);
  });

  it("clips the scale, and what stands beside the map follows", () => {
    const ends = () => one(".pw-scale-numbers").textContent;
    expect(ends()).toBe("+9.000−9.00");
    expect(one(".pw-legend").textContent).not.toContain("beyond");
    press(grid, "m");
    item("clipped").click();
    expect(ends()).not.toContain("9.00");
    expect(one(".pw-legend").textContent).toContain("beyond the scale");
    press(grid, "m");
    expect(item("clipped").getAttribute("aria-checked")).toBe("true");
    item("to this map").click();
    expect(ends()).toBe("+9.000−9.00");
  });

  it("zooms around the selected cell and back", () => {
    press(grid, "ArrowDown");
    press(grid, "+");
    expect(heatmap().isZoomed).toBe(true);
    expect(grid.classList.contains("pw-zoomed")).toBe(true);
    press(grid, "-");
    expect(heatmap().isZoomed).toBe(false);
    press(grid, "=");
    press(grid, "0");
    expect(heatmap().isZoomed).toBe(false);
  });

  it("leaves keys with Ctrl to the browser", () => {
    for (const key of ["+", "-", "0", "f", "m"]) {
      expect(press(grid, key, { ctrlKey: true }).defaultPrevented).toBe(false);
    }
    expect(heatmap().isZoomed).toBe(false);
  });
});

describe("the pointer", () => {
  const point = (kind: string, x: number, y: number, more = {}) => {
    const event = new MouseEvent(kind, { clientX: x, clientY: y, bubbles: true, ...more });
    grid.dispatchEvent(event);
    return event;
  };
  const wheel = (deltaY: number, ctrlKey: boolean) => {
    const options = { deltaY, bubbles: true, cancelable: true };
    const event = new WheelEvent("wheel", options);
    Object.defineProperties(event, { ctrlKey: { value: ctrlKey }, clientX: { value: 100 } });
    grid.dispatchEvent(event);
    return event;
  };

  it("zooms by a pinch or the wheel with Ctrl, and leaves the plain wheel to the page", () => {
    expect(wheel(-100, false).defaultPrevented).toBe(false);
    expect(heatmap().isZoomed).toBe(false);
    expect(wheel(-100, true).defaultPrevented).toBe(true);
    expect(heatmap().isZoomed).toBe(true);
  });

  it("pulls a zoomed map without selecting, and shows the whole on a double click", () => {
    const { left, top } = heatmap().layout;
    for (let step = 0; step < 4; step++) press(grid, "+");
    const before = heatmap().layout.scrollX;
    point("pointerdown", left + 60, top + 30);
    point("pointermove", left + 20, top + 30);
    point("pointerup", left + 20, top + 30);
    point("click", left + 20, top + 30);
    expect(heatmap().layout.scrollX).toBeCloseTo(before + 40, 0);
    expect(host.states).toEqual([]);
    point("pointerdown", left + 20, top + 30);
    point("pointerup", left + 20, top + 30);
    point("click", left + 20, top + 30);
    expect(host.states.length).toBe(1);
    point("dblclick", left + 20, top + 30);
    expect(heatmap().isZoomed).toBe(false);
  });

  it("selects at once where the whole map is seen", () => {
    const { left, top } = heatmap().layout;
    point("pointerdown", left + 5, top + 5);
    point("pointermove", left + 40, top + 5);
    point("click", left + 5, top + 5);
    expect(host.states).toEqual([{ selection: "L0@0" }]);
  });
});

describe("what is saved", () => {
  it("is an SVG in which all text is text", () => {
    const text = svgOf(heatmap());
    const svg = new DOMParser().parseFromString(text, "image/svg+xml");
    expect(svg.querySelector("parsererror")).toBeNull();
    expect(svg.querySelector("script, b")).toBeNull();
    const said = [...svg.querySelectorAll("text")].map((one) => one.textContent ?? "");
    expect(said.join(" ")).toContain("<script>alert(1)</script>");
    expect(said).toEqual(
      expect.arrayContaining(["layer", "token", "L0", "<b>Mary</b>", "a⏎b", "+9.00", "−9.00"]),
    );
    expect(said.join(" ")).toContain("8 prompts · seed 0");
    expect(svg.querySelectorAll("rect").length).toBeGreaterThan(54);
  });

  it("is a line of CSV for every cell", () => {
    const lines = csvOfMap(payload().chart, 0).split("\r\n");
    expect(lines[0]).toBe("node,layer,token,status,metric,value");
    expect(lines).toContain(`L0@5,L0,"'=1+1",not measured,attention,`);
    expect(lines.find((line) => line.startsWith("L2@3"))).toMatch(/measured,attention,9$/);
  });

  it("has a name that every system takes", () => {
    expect(fileNameOf("Which heads? <script>/../x")).toBe("Which-heads-script-..-x");
    expect(fileNameOf("漢字")).toBe("map");
  });

  it("is handed to the reader as a file", async () => {
    const clicked = vi.fn();
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      clicked(this.download, this.href.slice(0, 5));
    });
    press(grid, "m");
    const csv = [...view.element.querySelectorAll<HTMLElement>(".pw-map-menu button")].at(-1);
    csv?.click();
    await vi.waitFor(() => expect(clicked).toHaveBeenCalled());
    expect(clicked).toHaveBeenCalledWith("script-alert-1-script-no.csv", "blob:");
  });
});
