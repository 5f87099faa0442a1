import { describe, expect, it } from "vitest";
import { type Chart, readChart, Status } from "../src/core/chart";
import { css, paletteFor, type Rgb } from "../src/core/color";
import { cornerOf, layoutOf } from "../src/views/heatmap-layout";
import { type Picture, paintMap } from "../src/views/heatmap-paint";
import { bytesOf, payload, type Stored, stored } from "./helpers";

/** Writes down what a canvas is told to draw, with the colour it is told to draw it in. */
class Recorder {
  fillStyle = "";
  strokeStyle = "";
  readonly fills: { color: string; x: number; y: number }[] = [];
  readonly texts: string[] = [];
  lines = 0;
  dashed = 0;
  readonly pen = new Proxy(this as object, {
    get: (_, name) => {
      if (name === "fillRect")
        return (x: number, y: number) => this.fills.push({ color: this.fillStyle, x, y });
      if (name === "fillText") return (text: string) => this.texts.push(text);
      if (name === "lineTo") return () => this.lines++;
      if (name === "setLineDash") return (dash: number[]) => (this.dashed += dash.length);
      return () => undefined;
    },
    set: (_, name, value) => {
      if (name === "fillStyle") this.fillStyle = value;
      return true;
    },
  }) as CanvasRenderingContext2D;
}

interface Painted {
  picture: Picture;
  recorder: Recorder;
  /** The colour of the cell of a node. */
  colorOf(node: string): string;
}

function paint(name: string, index = 0, withEstimates = true): Painted {
  const chart = payload(name).charts[index];
  if (!chart) throw new Error("no such map");
  return paintChart(chart, withEstimates);
}

function paintChart(chart: Chart, withEstimates = true): Painted {
  const { rows, columns } = chart.map;
  const layout = layoutOf(rows.labels, columns.labels, 500, (text) => text.length * 6);
  const palette = paletteFor([255, 255, 255]);
  const theme = { palette, text: "#000", muted: "#666", accent: "#00f", font: "x" };
  const picture = { ...chart.drawn(0, withEstimates), chart, layout, theme };
  const recorder = new Recorder();
  paintMap(recorder.pen, picture);
  const colorOf = (node: string) => {
    const { x, y } = cornerOf(layout, chart.cellOf(node));
    return recorder.fills.find((fill) => fill.x === x && fill.y === y)?.color ?? "";
  };
  return { picture, recorder, colorOf };
}

describe("paintMap", () => {
  it("fills each cell that exists, the strongest with the end of the scale", () => {
    const { picture, recorder } = paint("synthetic_explorer");
    expect(recorder.fills.length).toBe(270);
    const strongest = picture.chart.cellOf("L20H0");
    expect(recorder.fills[strongest]?.color).toBe(css(picture.theme.palette.at(1)));
    expect(recorder.fills[0]?.color).toBe(css(picture.theme.palette.at(0)));
  });

  it("draws nothing where there is no node, and a stroke where none can reach", () => {
    const { picture, recorder } = paint("synthetic_explorer", 1);
    const { status } = picture.chart;
    const count = (of: number) => status.filter((one) => one === of).length;
    expect(recorder.fills.length).toBe(310 - count(Status.absent));
    expect(recorder.lines).toBeGreaterThanOrEqual(count(Status.unreachable));
  });

  it("hatches what was not measured, and never gives it a colour of the scale", () => {
    const { picture, recorder } = paint("synthetic_running");
    const neutral = css(picture.theme.palette.at(0));
    const unmeasured = recorder.fills.filter((_, cell) => picture.chart.status[cell] === 0);
    expect(unmeasured.length).toBe(270 - 113);
    expect(unmeasured.every(({ color }) => color === neutral)).toBe(true);
    expect(recorder.lines).toBeGreaterThan(100);
  });

  it("names both axes and their ends", () => {
    const { recorder } = paint("synthetic_explorer");
    expect(recorder.texts).toEqual(
      expect.arrayContaining(["layer", "head", "L0", "L29", "0", "8"]),
    );
  });
});

/** Returns the first map of the fixture with estimates, with something in its header changed. */
function changed(change: (map: Stored["header"]) => void): Chart {
  const bundle = stored("synthetic_estimated");
  change(bundle.header.maps[0]);
  return readChart(bundle.header.maps[0], bytesOf(bundle));
}

describe("estimates", () => {
  it("are paler and dotted, on the scale of what was measured", () => {
    const { picture, recorder, colorOf } = paint("synthetic_estimated");
    const { palette } = picture.theme;
    const share = (node: string) =>
      (picture.estimates[picture.chart.cellOf(node)] as number) / picture.limit;
    expect(picture.limit).toBeCloseTo(0.52);
    expect(colorOf("L20H0")).toBe(css(palette.at(1)));
    expect(share("L19H2")).toBeCloseTo((0.8 * 0.28) / 0.52, 1);
    expect(colorOf("L19H2")).toBe(css(palette.pale(share("L19H2"))));
    expect(colorOf("L24H4")).toBe(css(palette.pale(share("L24H4"))));
    expect(recorder.dashed).toBe(2);
    expect(recorder.fills.length).toBe(270);
  });

  it("leave hatched what has none", () => {
    const { picture, colorOf } = paint("synthetic_estimated");
    expect(picture.estimates[picture.chart.cellOf("L29H7")]).toBeNaN();
    expect(colorOf("L29H7")).toBe(css(picture.theme.palette.at(0)));
  });

  it("are left out where the reader wants only what was measured", () => {
    const { picture, recorder, colorOf } = paint("synthetic_estimated", 0, false);
    expect(picture.estimates.every(Number.isNaN)).toBe(true);
    expect(colorOf("L19H2")).toBe(css(picture.theme.palette.at(0)));
    expect(recorder.dashed).toBe(0);
  });

  it("give way to what was measured, also where they are larger", () => {
    const { picture } = paint("synthetic_estimated");
    const measured = picture.chart.cellOf("L20H0");
    expect(picture.estimates[measured]).toBeNaN();
    expect(picture.chart.read(0, measured).estimate).toBeCloseTo(0.41, 1);
  });

  it("have neither red nor blue nor a sign where only their size is known", () => {
    const sized = changed((map) => Object.assign(map.estimate, { signed: false }));
    const { picture, colorOf } = paintChart(sized);
    const { palette } = picture.theme;
    const share = (picture.estimates[sized.cellOf("L19H2")] as number) / picture.limit;
    expect(colorOf("L19H2")).toBe(css(palette.size(share)));
    const lines = (chart: Chart) => paintChart(chart).recorder.lines;
    expect(lines(changed(() => undefined)) - lines(sized)).toBeGreaterThan(0);
  });

  it("widen the scale where they are larger than anything measured", () => {
    const unmeasured = payload("synthetic_estimated").charts[0] as Chart;
    unmeasured.status.fill(Status.unmeasured);
    const { limit, estimates } = unmeasured.drawn(0, true);
    expect(limit).toBeCloseTo(Math.max(...estimates.filter(Number.isFinite).map(Math.abs)));
    expect(unmeasured.drawn(0, false).limit).toBe(1);
  });
});

describe("the noise floor", () => {
  it("greys what was measured below it, and nothing else", () => {
    const { picture, colorOf } = paint("synthetic_estimated");
    const grey = css(picture.theme.palette.noise as Rgb);
    expect(colorOf("L5H2")).toBe(grey);
    expect(colorOf("L6H2")).toBe(grey);
    expect(picture.noise.reduce((sum, one) => sum + one, 0)).toBe(2);
    expect(colorOf("L0H0")).toBe(css(picture.theme.palette.at(0)));
  });

  it("is drawn on the scale of the colours", () => {
    const chart = payload("synthetic_estimated").charts[0] as Chart;
    expect(chart.noiseFloor(0)).toBeCloseTo(0.04 / 5.64);
    expect(chart.noiseFloor(1)).toBe(0);
    const plain = changed((map) => Object.assign(map.metrics[0], { normalized: false }));
    expect(plain.noiseFloor(0)).toBeCloseTo(0.04);
    const early = changed((map) => Object.assign(map.metrics[0], { base: null, source: null }));
    expect(early.noiseFloor(0)).toBe(0);
  });
});
