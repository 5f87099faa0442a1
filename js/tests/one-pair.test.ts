import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { readPairMaps } from "../src/core/pair-map";
import type { ExplorerView } from "../src/views/explorer";
import { csvOfMap, svgOf } from "../src/views/heatmap-save";
import { click, FakeHost, grids, mount, payload, press, read, stored, textOf } from "./helpers";

let host: FakeHost;
let view: ExplorerView;

beforeEach(() => {
  vi.useFakeTimers();
  show(true);
});
afterEach(() => vi.useRealTimers());

const NAME = "synthetic_exploring";
/** The fixture has pair 2 of two maps: of the heads, and of what feeds L20H0.v, with a tiny gap. */
const HERE = 1;
const show = (live: boolean, shown = payload(NAME)) => {
  host = new FakeHost(live);
  view = mount(host, shown);
};
const line = (pair: number) =>
  view.element.querySelectorAll<HTMLElement>(".pw-pair-line")[pair - 1] as HTMLElement;
const title = () => textOf(view, ".pw-map-title");
const missing = () => view.element.querySelector<HTMLElement>(".pw-missing-pair");
const first = () => grids(view)[0] as HTMLElement;
const asked = () => host.commands.filter(({ command }) => command === "pair");
const settle = () => vi.advanceTimersByTime(1000);
const chosen = (prompt: number) => view.choose({ prompt, alone: true });
const chart = (of: "charts" | "onPairs", key = "heads") =>
  payload(NAME)[of].find(({ map }) => map.key === key) as NonNullable<
    ReturnType<typeof payload>["charts"][number]
  >;
const spoken = () => first().querySelector('[role="gridcell"]')?.textContent ?? "";

describe("a map on one pair", () => {
  it("is drawn instead of the mean, and everything says so", () => {
    const mean = title();
    line(2).click();
    expect(title()).toBe(`${mean} · pair 2 alone`);
    expect(first().getAttribute("aria-label")).toContain("pair 2 alone");
    expect(textOf(view, ".pw-legend")).toContain("normalized effect, pair 2 alone");
    expect(textOf(view, ".pw-about-pair")).toBe(
      "One pair: intervals and tests are of the mean over pairs, so there are none. Divided by this pair's own gap.",
    );
    expect(textOf(view, ".pw-caption")).toBe("denoising · pair 2 of 3 alone");
    expect(textOf(view, '[role="status"]')).toBe("the maps show pair 2 alone");
    expect(textOf(view, ".pw-baseline")).toContain("pair 2 alone−1.00");
    expect(textOf(view, ".pw-peaks")).toBe("Strongest cells on pair 2L0H1+0.50L0H0+0.10");
    click(view, ".pw-peak", "L0H1");
    expect(textOf(view, ".pw-cell")).toContain("normalized+0.50  pair 2 alone");
    expect(spoken()).toBe("L0H1, normalized +0.50 pair 2 alone");
    click(view, ".pw-pairs button", "All 3 pairs (mean)");
    expect(title()).toBe(mean);
    expect(textOf(view, '[role="status"]')).toBe("the maps show the mean over all pairs");
    expect(host.states.at(-1)).toEqual({ alone: false });
  });

  it("has the pair's own effects, scale and holes, and no interval", () => {
    const [mean, one] = [chart("charts"), chart("onPairs")];
    expect(one.pair).toEqual({ prompt: HERE, here: true });
    expect([one.has("low"), one.has("high"), mean.has("low")]).toEqual([false, false, true]);
    const { effect, value, patched, low } = one.read(0, 1);
    expect([effect, patched, low]).toEqual([2, 1, null]);
    expect(value).toBeCloseTo(0.5);
    const below = one.read(0, one.width);
    expect([below.status, below.value, below.effect]).toEqual([0, null, null]);
    expect(csvOfMap(one, 0)).toMatch(/metric,prompts,value,effect,patched\r?\n/);
    expect(csvOfMap(mean, 0)).not.toContain("prompts");
  });

  it("is not normalized where the two runs of that pair nearly agree", () => {
    const one = chart("onPairs", "L20H0.v");
    const { value, effect } = one.read(0, 0);
    expect(value).toBe(effect);
    view.choose({ trail: ["heads", "L20H0.v"], selection: "L20H0" });
    chosen(HERE);
    const [, path] = view.element.querySelectorAll(".pw-about-pair");
    expect(path?.textContent).toContain("nearly the same `logit_diff`");
    const [, legend] = view.element.querySelectorAll(".pw-legend");
    expect(legend?.textContent).toContain("effect in logits, pair 2 alone");
  });

  it("is asked for once where a kernel has it, and is drawn when it comes", () => {
    chosen(HERE);
    settle();
    expect(asked()).toEqual([]);
    chosen(2);
    chosen(0);
    settle();
    settle();
    const command = { command: "pair", map: "heads", prompt: 0 };
    expect(asked()).toEqual([command]);
    expect(missing()?.hidden).toBe(false);
    expect(missing()?.textContent).toBe("Asked the kernel for the map of pair 1.");
    const bundle = stored(NAME);
    bundle.header.pair_maps[0].prompt = 0;
    view.update(read(bundle));
    expect(missing()?.hidden).toBe(true);
    expect(textOf(view, ".pw-about-pair")).toContain("One pair");
    settle();
    expect(asked()).toEqual([command]);
  });

  it("of which nothing is here says what to run, and never shows the mean for it", () => {
    show(false);
    line(3).click();
    settle();
    expect(asked()).toEqual([]);
    expect(title()).toContain("pair 3 alone");
    expect(missing()?.hidden).toBe(false);
    expect(missing()?.textContent).toBe(
      "The map of pair 3 is not in this file. With a kernel, this gives it:study.sweep('heads').on_pair(2)",
    );
    const body = view.element.querySelector<HTMLElement>(".pw-map-body");
    const peaks = view.element.querySelector<HTMLElement>(".pw-peaks");
    expect([body?.hidden, peaks?.hidden]).toEqual([true, true]);
    expect(textOf(view, ".pw-baseline")).toBe("baselines of pair 3 are not here");
    expect(textOf(view, '[role="status"]')).toBe("the map of pair 3 is not in this file");
    view.choose({ selection: "L20H0" });
    expect(textOf(view, ".pw-cell")).toContain("not here on pair 3");
    expect(textOf(view, ".pw-cell")).not.toMatch(/[+−]\d/);
  });

  it("says so where its unpatched runs are not made yet", () => {
    const bundle = stored(NAME);
    for (const metric of bundle.header.pair_maps[0].metrics) metric.base = metric.source = null;
    show(true, read(bundle));
    chosen(HERE);
    expect(textOf(view, ".pw-baseline")).toBe("baselines not measured yet");
    expect(chart("onPairs").read(0, 0).effect).not.toBe(null);
  });

  it("is marked among the pairs where no kernel has the others", () => {
    const marks = () => [1, 2, 3].map((pair) => line(pair).textContent?.includes("map here"));
    expect(marks()).toEqual([false, false, false]);
    show(false);
    expect(marks()).toEqual([false, true, false]);
  });

  it("is in the code that is copied, in each open map", () => {
    view.choose({ trail: ["heads", "L20H0.v"] });
    chosen(HERE);
    expect(view.code.split("\n").slice(1, 5)).toEqual([
      "result = study.sweep('heads')",
      "result_alone = result.on_pair(1)  # as drawn: pair 2 alone",
      "paths = study.path(receivers=['L20H0.v'])",
      "paths_alone = paths.on_pair(1)  # as drawn: pair 2 alone",
    ]);
    view.choose({ alone: false });
    expect(view.code).not.toContain("on_pair");
  });

  it("is said of a saved picture", () => {
    chosen(HERE);
    const drawn = (view as unknown as { maps: { panels: Map<string, { heatmap: never }> } }).maps;
    const svg = svgOf(drawn.panels.get("heads")?.heatmap as never);
    for (const said of ["pair 2 alone", "pair 2 of 3 alone", "own gap"])
      expect(svg).toContain(said);
  });

  it("is reached by the keyboard from pair to pair", () => {
    chosen(HERE);
    const next = view.element.querySelector<HTMLElement>('.pw-strip [aria-label="next pair"]');
    next?.click();
    expect(host.states.at(-1)).toEqual({ prompt: 2 });
    expect(title()).toContain("pair 3 alone");
    press(first(), "ArrowDown");
    expect(view.state.alone).toBe(true);
  });

  it("is a mean where methods are compared, and where there is one pair", () => {
    chosen(HERE);
    click(view, "button", "Compare methods");
    expect(textOf(view, ".pw-pairs-note")).toBe(
      "Methods are compared by the mean over all 3 pairs.",
    );
    const bundle = stored(NAME);
    bundle.header.strip.pairs.length = 1;
    show(true, read(bundle));
    chosen(0);
    expect(title()).not.toContain("alone");
  });

  it("of other metrics, or of no map that is here, is no damage that is drawn", () => {
    const { header, charts } = payload(NAME);
    const [found] = header.pair_maps ?? [];
    if (!found) throw new Error("the fixture has none");
    const bytes = new Uint8Array(0);
    expect(readPairMaps([{ ...found, map: "gone" }], charts, bytes)).toEqual([]);
    expect(() => readPairMaps([{ ...found, metrics: [] }], charts, bytes)).toThrow(
      "The map heads has other metrics on pair 2.",
    );
  });
});
