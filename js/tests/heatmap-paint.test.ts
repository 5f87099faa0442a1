import { describe, expect, it } from "vitest";
import { Status } from "../src/core/chart";
import { css, limitOf, paletteFor } from "../src/core/color";
import { layoutOf } from "../src/views/heatmap-layout";
import { type Picture, paintMap } from "../src/views/heatmap-paint";
import { payload } from "./helpers";

/** Writes down what a canvas is told to draw, with the colour it is told to draw it in. */
class Recorder {
  fillStyle = "";
  strokeStyle = "";
  readonly fills: { color: string; x: number; y: number }[] = [];
  readonly texts: string[] = [];
  lines = 0;
  readonly pen = new Proxy(this as object, {
    get: (_, name) => {
      if (name === "fillRect")
        return (x: number, y: number) => this.fills.push({ color: this.fillStyle, x, y });
      if (name === "fillText") return (text: string) => this.texts.push(text);
      if (name === "lineTo") return () => this.lines++;
      return () => undefined;
    },
    set: (_, name, value) => {
      if (name === "fillStyle") this.fillStyle = value;
      return true;
    },
  }) as CanvasRenderingContext2D;
}

function paint(name: string, index = 0): { picture: Picture; recorder: Recorder } {
  const chart = payload(name).charts[index];
  if (!chart) throw new Error("no such map");
  const values = chart.values(0);
  const { rows, columns } = chart.map;
  const layout = layoutOf(rows.labels, columns.labels, 500, (text) => text.length * 6);
  const palette = paletteFor([255, 255, 255]);
  const theme = { palette, text: "#000", muted: "#666", accent: "#00f", font: "x" };
  const picture = { chart, values, limit: limitOf(values), layout, theme };
  const recorder = new Recorder();
  paintMap(recorder.pen, picture);
  return { picture, recorder };
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
