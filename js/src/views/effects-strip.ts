import { css } from "../core/color";
import { number, signed } from "../core/format";
import { swarm } from "../core/swarm";
import type { Theme } from "../core/theme";

/** Dots of some pairs on one line. */
export interface Row {
  label: string;
  /** Which pairs, by their place in the study. */
  prompts: number[];
  mean: number | null;
  /** Ends of the interval of the mean, or null. */
  interval: [low: number, high: number] | null;
}

/** A place on the scale that has a name. */
export interface Mark {
  at: number;
  label: string;
}

/** What a strip shows. */
export interface StripProps {
  rows: Row[];
  /** Of every pair; NaN where it was not measured. */
  effects: ArrayLike<number>;
  /** 0 and the source run, at most two. */
  marks: Mark[];
  width: number;
  theme: Theme;
}

/** Where one dot lies. */
export interface Dot {
  prompt: number;
  x: number;
  y: number;
  radius: number;
  element: SVGElement;
}

const EDGE = 12;
const LINE = 15;
const ALONE = 52;
const TOGETHER = 22;
const LETTER = 6.1;
const NAMESPACE = "http://www.w3.org/2000/svg";

/** Draws a strip and returns it with its dots. */
export function drawStrip(props: StripProps): { picture: SVGElement; dots: Dot[] } {
  const { rows, effects, marks, width, theme } = props;
  const scale = scaleOf(props);
  const parts: SVGElement[] = [];
  const dots: Dot[] = [];
  const most = rows.length > 1 ? TOGETHER : ALONE;
  const placesOf = (row: Row) => row.prompts.map((prompt) => scale(effects[prompt] as number));
  // One size in all rows, so that none seems to matter more.
  const radius = Math.min(...rows.map((row) => swarm(placesOf(row), most).radius));
  let y = LINE * marks.length + 4;
  const top = y - 2;
  for (const row of rows) {
    if (row.label) parts.push(text(0, y + 11, row.label, "start", "pw-effects-label"));
    y += row.label ? LINE : 0;
    const { offsets, reach } = swarm(placesOf(row), most, radius);
    const middle = y + reach + 2;
    for (const [index, prompt] of row.prompts.entries()) {
      const effect = effects[prompt] as number;
      if (Number.isNaN(effect)) continue;
      const at = { x: scale(effect), y: middle + (offsets[index] as number), radius };
      const element = dot(at.x, at.y, radius, effect, theme);
      dots.push({ prompt, ...at, element });
    }
    y = middle + reach + 2;
    parts.push(...meanOf(row, y + 5, scale));
    y += 13;
  }
  const ticks = ticksOf(scale, marks, width, y);
  const lines = marks.map(({ at }, index) =>
    svg("line", {
      class: index ? "pw-effects-source" : "pw-effects-zero",
      x1: scale(at),
      x2: scale(at),
      y1: top - (index ? 0 : LINE * (marks.length - 1)),
      y2: y,
    }),
  );
  const names = marks.map(({ at, label }, index) => named(scale(at), index, label, width));
  const height = y + LINE;
  const picture = svg("svg", {
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    "aria-hidden": "true",
    class: "pw-effects-picture",
  });
  picture.append(...lines, ...names, ...ticks, ...parts, ...dots.map(({ element }) => element));
  return { picture, dots };
}

function scaleOf({ rows, effects, marks, width }: StripProps): (value: number) => number {
  const known = [
    ...rows.flatMap(({ prompts, interval }) => [
      ...prompts.map((prompt) => effects[prompt] as number),
      ...(interval ?? []),
    ]),
    ...marks.map(({ at }) => at),
  ].filter(Number.isFinite);
  const low = known.reduce((one, other) => Math.min(one, other), 0);
  const high = known.reduce((one, other) => Math.max(one, other), 0);
  const span = high - low || 1;
  const start = high === low ? low - 0.5 : low;
  return (value) => EDGE + ((value - start) / span) * (width - 2 * EDGE);
}

/** A filled dot is above 0, a ring below it, so that the sign is seen without colour. */
function dot(x: number, y: number, radius: number, effect: number, theme: Theme): SVGElement {
  const color = css(theme.palette.at(effect < 0 ? -0.8 : 0.8));
  const ring = effect < 0;
  return svg("circle", {
    class: ring ? "pw-dot pw-dot-negative" : "pw-dot",
    cx: x.toFixed(1),
    cy: y.toFixed(1),
    r: radius,
    fill: ring ? "none" : color,
    stroke: ring ? color : "none",
    "stroke-width": ring ? Math.min(1.6, radius * 0.6) : 0,
  });
}

function meanOf({ mean, interval }: Row, y: number, scale: (value: number) => number) {
  if (mean === null) return [];
  const x = scale(mean);
  const parts = [svg("path", { class: "pw-effects-mean", d: `M${x - 4},${y}l4,-4l4,4l-4,4z` })];
  if (interval) {
    const [from, to] = interval.map(scale) as [number, number];
    const d = `M${from},${y}H${to}M${from},${y - 3}v6M${to},${y - 3}v6`;
    parts.unshift(svg("path", { class: "pw-effects-interval", d }));
  }
  return parts;
}

/** The ends of the scale below it, where no mark is near. */
function ticksOf(scale: (value: number) => number, marks: Mark[], width: number, y: number) {
  const back = (x: number) => {
    const [zero, one] = [scale(0), scale(1)];
    return (x - zero) / (one - zero);
  };
  const axis = svg("line", { class: "pw-effects-axis", x1: 0, x2: width, y1: y, y2: y });
  const ends = ([EDGE, width - EDGE] as const).map((x, index) =>
    text(index ? width : 0, y + 12, signed(back(x)), index ? "end" : "start", "pw-effects-tick"),
  );
  const zero = scale(0);
  const clear = zero > 56 && zero < width - 56;
  const first =
    clear && marks.length ? [text(zero, y + 12, number(0), "middle", "pw-effects-tick")] : [];
  return [axis, ...ends, ...first];
}

/** A mark's name above its line, moved inside where it would reach out. */
function named(x: number, index: number, label: string, width: number): SVGElement {
  const half = (label.length * LETTER) / 2;
  const inside = Math.max(half, Math.min(width - half, x));
  return text(inside, 11 + LINE * index, label, "middle", "pw-effects-name");
}

function text(x: number, y: number, words: string, anchor: string, kind: string): SVGElement {
  const made = svg("text", { x: x.toFixed(1), y, "text-anchor": anchor, class: kind });
  made.textContent = words;
  return made;
}

function svg(tag: string, attributes: Record<string, string | number>): SVGElement {
  const element = document.createElementNS(NAMESPACE, tag) as SVGElement;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  return element;
}
