import type { Chart } from "../core/chart";
import { csvOf } from "../core/csv";
import { download } from "../core/download";
import { pairName } from "../core/pair-map";
import type { HeatmapView } from "./heatmap";
import { drawSheet, sheetOf } from "./heatmap-sheet";
import { SvgPen } from "./svg-pen";

/** What a map can be saved as. */
export const FORMATS = ["png", "svg", "csv"] as const;

export type Format = (typeof FORMATS)[number];

/** Pixels of a saved picture for each pixel on the page. */
const SHARP = 2;

const KINDS: Record<Format, string> = {
  png: "image/png",
  svg: "image/svg+xml",
  csv: "text/csv",
};

/** Lets the reader save a map as it is seen, or its numbers, without any network. */
export async function saveMap(view: HeatmapView, format: Format): Promise<void> {
  const blob = await blobOf(view, format);
  if (blob) download(blob, `${fileNameOf(view.label)}.${format}`);
}

/** Returns the file that a map is saved as. */
export async function blobOf(view: HeatmapView, format: Format): Promise<Blob | null> {
  if (format === "png") return pngOf(view);
  const text = format === "svg" ? svgOf(view) : csvOfMap(view.shown.chart, view.metric);
  return new Blob([text], { type: `${KINDS[format]};charset=utf-8` });
}

/** Returns a map with everything that is said of it as SVG. */
export function svgOf(view: HeatmapView): string {
  const sheet = sheetOf(view.shown, view.metric, view.label);
  const pen = new SvgPen(sheet.width, sheet.height, sheet.title);
  drawSheet(pen, sheet);
  return pen.toString();
}

function pngOf(view: HeatmapView): Promise<Blob | null> {
  const sheet = sheetOf(view.shown, view.metric, view.label);
  const canvas = document.createElement("canvas");
  canvas.width = sheet.width * SHARP;
  canvas.height = sheet.height * SHARP;
  const pen = canvas.getContext("2d");
  if (!pen) return Promise.resolve(null);
  pen.scale(SHARP, SHARP);
  drawSheet(pen, sheet);
  return new Promise((done) => canvas.toBlob(done, KINDS.png));
}

const WORDS = ["not measured", "measured", "zero by identity", "cannot reach", "no such node"];

/** Returns every cell of a map as a line of a table. */
export function csvOfMap(chart: Chart, metric: number): string {
  const { rows, columns, metrics, estimate } = chart.map;
  const name = metrics[metric]?.name ?? "";
  const numbers = ["value", "low", "high", "effect", "patched"] as const;
  const known = numbers.filter((one) => chart.has(one));
  const { pair } = chart;
  const on = pair ? ["prompts"] : [];
  const spread = chart.has("draws") ? (["low", "high", "sd"] as const) : [];
  const drawn = spread.map((one) => `draw_${one}`);
  const head = ["node", rows.name, columns.name, "status", "metric", ...on, ...known, ...drawn];
  const lines: (string | number | null)[][] = [estimate ? [...head, "estimate"] : head];
  for (let cell = 0; cell < chart.size; cell++) {
    if (!chart.exists(cell)) continue;
    const reading = chart.read(metric, cell);
    lines.push([
      chart.nameOf(cell),
      rows.labels[Math.floor(cell / chart.width)] as string,
      columns.labels[cell % chart.width] as string,
      WORDS[reading.status] as string,
      name,
      ...(pair ? [pairName(pair.prompt)] : []),
      ...known.map((one) => reading[one]),
      ...spread.map((one) => reading.draws?.[one] ?? null),
      ...(estimate ? [reading.estimate] : []),
    ]);
  }
  return csvOf(lines);
}

/** Returns a name that every system takes for a file. */
export function fileNameOf(label: string): string {
  const plain = label.normalize("NFKD").replace(/[^A-Za-z0-9.]+/g, "-");
  return plain.replace(/^[-.]+|[-.]+$/g, "").slice(0, 60) || "map";
}
