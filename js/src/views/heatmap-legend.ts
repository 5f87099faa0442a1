import { Status } from "../core/chart";
import type { Rgb } from "../core/color";
import { estimateLabel, floorOf, valueLabel } from "../core/format";
import { pairName } from "../core/pair-map";
import { anyBeyond, anyStriped } from "./heatmap-cells";
import type { Picture } from "./heatmap-paint";

/** What a mark on the cells of a map stands for. */
export interface Key {
  /** Its name in the style sheet. */
  mark: string;
  text: string;
  /** What is drawn, where there is no sample of it. */
  look: string;
  color: Rgb | null;
}

/** Returns what the marks on a map stand for, as far as they are on it. */
export function keysOf(picture: Picture, metric: number): Key[] {
  const { chart, estimates, noise, signed: hasSign, theme } = picture;
  const { palette } = theme;
  const how = chart.map.estimate;
  const isEstimated = (cell: number) => !Number.isNaN(estimates[cell]);
  const isUnknown = (status: number, cell: number) =>
    status === Status.unmeasured && !isEstimated(cell);
  const estimated = how
    ? `${estimateLabel(how)}${hasSign ? "" : ", no sign"} (${how.method}), not measured`
    : "";
  const kinds: [shown: boolean, key: Key][] = [
    [
      Boolean(how) && chart.status.some((_, cell) => isEstimated(cell)),
      {
        ...{ mark: "estimated", look: "dotted", text: estimated },
        color: hasSign ? palette.pale(0.6) : palette.size(0.8),
      },
    ],
    [
      noise.includes(1),
      {
        ...{ mark: "noise", look: "grey", text: `below ${floorOf(chart.metric(metric))}` },
        color: palette.noise,
      },
    ],
    [
      anyBeyond(picture),
      { mark: "beyond", look: "corner", text: "beyond the scale", color: palette.beyond(1) },
    ],
    [
      anyStriped(picture),
      { mark: "striped", look: "striped", text: "negative", color: palette.at(-0.6) },
    ],
    [
      chart.status.some(isUnknown),
      { mark: "unmeasured", look: "hatched", text: "not measured", color: null },
    ],
    [
      chart.status.includes(Status.unreachable),
      { mark: "unreachable", look: "crossed", text: "cannot reach the receiver", color: null },
    ],
  ];
  return kinds.filter(([shown]) => shown).map(([, key]) => key);
}

/** Returns what the colours count. */
export function coloursOf({ chart }: Picture, metric: number): string {
  const alone = chart.pair ? `, ${pairName(chart.pair.prompt)} alone` : "";
  return `colour: ${valueLabel(chart.metric(metric))}${alone}`;
}

/** Returns the same in words, with what the marks stand for. */
export function legendOf(picture: Picture, metric: number): string {
  const keys = keysOf(picture, metric).map(({ look, text }) => `${look}: ${text}`);
  return [coloursOf(picture, metric), ...keys].join(" · ");
}
