import { css } from "../core/color";
import { signed } from "../core/format";
import { aboutPair } from "../core/pair-map";
import type { Layout } from "./heatmap-layout";
import { legendOf } from "./heatmap-legend";
import { type Picture, paintMap } from "./heatmap-paint";
import type { Pen } from "./pen";
import { wrapped } from "./wrapped";

/** A map with everything that is said of it, as it is saved. */
export interface Sheet {
  picture: Picture;
  title: string;
  titleLines: string[];
  below: string[];
  width: number;
  height: number;
}

const EDGE = 12;
const LINE = 17;
const BAR = { width: 12, room: 66, height: 190, steps: 64 };
const NARROWEST = 300;

/** Returns how a map is laid out with its title, colour bar, legend and caption. */
export function sheetOf(picture: Picture, metric: number, title: string): Sheet {
  const { layout, chart } = picture;
  const width = Math.max(NARROWEST, layout.width + BAR.room) + 2 * EDGE;
  const pen = document.createElement("canvas").getContext("2d");
  const lines = (text: string, font: string) => {
    if (pen) pen.font = font;
    const widthOf = (part: string) => pen?.measureText(part).width ?? part.length * 6.5;
    return wrapped(text, width - 2 * EDGE, widthOf);
  };
  const titleLines = lines(title, bold(picture));
  const below = [
    legendOf(picture, metric),
    chart.map.estimate?.agreement[metric] ?? "",
    aboutPair(chart, metric),
    chart.map.caption,
  ]
    .filter(Boolean)
    .flatMap((text) => lines(text, plain(picture)));
  const height = 2 * EDGE + LINE * (titleLines.length + below.length) + layout.height + 8;
  return { picture, title, titleLines, below, width, height };
}

/** Draws it. */
export function drawSheet(pen: Pen, { picture, titleLines, below, width, height }: Sheet): void {
  const { theme, layout } = picture;
  pen.fillStyle = theme.background ?? (theme.palette.dark ? "#16191e" : "#fff");
  pen.fillRect(0, 0, width, height);
  pen.save();
  pen.translate(EDGE, EDGE);
  write(pen, titleLines, theme.text, bold(picture));
  pen.translate(0, LINE * titleLines.length);
  paintMap(pen, picture);
  paintBar(pen, picture, layout);
  pen.translate(0, layout.height + 8);
  write(pen, below, theme.text, plain(picture));
  pen.restore();
}

function paintBar(pen: Pen, { theme, limit }: Picture, layout: Layout): void {
  const height = Math.max(36, Math.min(layout.plotHeight, BAR.height));
  const left = layout.width + 10;
  for (let step = 0; step < BAR.steps; step++) {
    pen.fillStyle = css(theme.palette.at(1 - (2 * (step + 0.5)) / BAR.steps));
    const y = layout.top + (step * height) / BAR.steps;
    pen.fillRect(left, y, BAR.width, height / BAR.steps + 0.5);
  }
  pen.fillStyle = theme.muted;
  pen.font = `11px ${theme.font}`;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  [signed(limit), "0", signed(-limit)].forEach((text, place) => {
    pen.fillText(text, left + BAR.width + 5, layout.top + 5 + (place / 2) * (height - 10));
  });
}

function write(pen: Pen, lines: string[], color: string, font: string): void {
  pen.fillStyle = color;
  pen.font = font;
  pen.textAlign = "left";
  pen.textBaseline = "middle";
  lines.forEach((line, index) => {
    pen.fillText(line, 0, (index + 0.5) * LINE);
  });
}

function bold({ theme }: Picture): string {
  return `bold 14px ${theme.font}`;
}

function plain({ theme }: Picture): string {
  return `12px ${theme.font}`;
}
