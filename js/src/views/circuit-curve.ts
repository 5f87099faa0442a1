import { fill, h } from "../core/dom";
import { s } from "../core/svg";
import type { CircuitMetric, CircuitPoint } from "../generated/views";

const LEFT = 44;
const RIGHT = 12;
const TOP = 8;
const BOTTOM = 34;
const HIGH = 132;

/** A point of a curve that was measured. */
interface Known {
  size: number;
  added: string;
  value: number;
  low: number;
  high: number;
}

/** How much circuits carry as nodes are added one after another. */
export class CurveView {
  private readonly picture = h("div", { class: "pw-curve-picture" });
  private readonly note = h("div", { class: "pw-muted" });
  private readonly table = h("table", { class: "pw-unseen" });
  readonly element = h(
    "section",
    { class: "pw-curve" },
    h("div", { class: "pw-subtitle" }, "Faithfulness as nodes are added"),
    this.picture,
    this.note,
    this.table,
  );

  /** @param size How many nodes the circuit has: there the random circuits are drawn. */
  update(metric: CircuitMetric | null, size: number, width: number): void {
    const points = metric ? metric.curve.flatMap(known) : [];
    this.element.hidden = points.length < 2;
    if (!metric || points.length < 2) return;
    const across = Math.max(220, Math.min(520, width));
    fill(this.picture, draw(points, metric, size, across));
    this.note.textContent = noteOf(metric, points);
    fill(
      this.table,
      h("caption", {}, "Faithfulness as nodes are added"),
      h(
        "tr",
        {},
        ...["nodes", "added", "carried", "95 % interval"].map((name) => h("th", {}, name)),
      ),
      ...points.map(({ size, added, value, low, high }) =>
        h(
          "tr",
          {},
          h("td", {}, String(size)),
          h("td", {}, added),
          h("td", {}, percent(value)),
          h("td", {}, `${percent(low)} to ${percent(high)}`),
        ),
      ),
    );
  }

  /** The picture; null where there is no curve. */
  get drawn(): SVGSVGElement | null {
    return this.element.hidden ? null : this.picture.querySelector("svg");
  }

  /** What its marks mean, in words. */
  get says(): string {
    return this.note.textContent ?? "";
  }
}

/** Returns a share in percent, with a real minus sign. */
export function percent(share: number): string {
  const text = Math.abs(100 * share).toFixed(0);
  return `${share < 0 && text !== "0" ? "−" : ""}${text} %`;
}

function known({ size, added, value, low, high }: CircuitPoint): Known[] {
  return value === null ? [] : [{ size, added, value, low: low ?? value, high: high ?? value }];
}

function noteOf({ cpr, cmd, random }: CircuitMetric, points: Known[]): string {
  const last = points[points.length - 1]?.size;
  const areas = cpr === null || cmd === null ? "" : `CPR ${cpr.toFixed(2)}, CMD ${cmd.toFixed(2)}`;
  return [
    "band: 95 % interval over prompt pairs",
    random.length ? `rings: ${random.length} random circuits` : "",
    areas && `areas from 0 to ${last} nodes: ${areas}`,
  ]
    .filter(Boolean)
    .join(" · ");
}

function draw(points: Known[], metric: CircuitMetric, size: number, width: number): SVGElement {
  const { x, y, ticks, ground } = scales(points, metric, size, width);
  const line = points.map((point) => `${x(point.size)} ${y(point.value)}`).join("L");
  const upper = points.map((point) => `${x(point.size)} ${y(point.high)}`);
  const lower = points.map((point) => `${x(point.size)} ${y(point.low)}`).reverse();
  const right = width - RIGHT;
  return s(
    "svg",
    {
      width,
      height: HIGH,
      viewBox: `0 0 ${width} ${HIGH}`,
      role: "img",
      "aria-label": said(points),
    },
    ...[0, 0.5, 1].map((level) =>
      s("line", { class: "pw-curve-level", x1: LEFT, x2: right, y1: y(level), y2: y(level) }),
    ),
    ...[0, 0.5, 1].map((level) =>
      s("text", { class: "pw-curve-share", x: LEFT - 6, y: y(level) }, percent(level)),
    ),
    s("line", { class: "pw-curve-size", x1: x(size), x2: x(size), y1: TOP, y2: ground }),
    s("path", { class: "pw-curve-band", d: `M${[...upper, ...lower].join("L")}Z` }),
    s("path", { class: "pw-curve-line", d: `M${line}` }),
    ...metric.random.map((value) =>
      s("circle", { class: "pw-curve-random", cx: x(size), cy: y(value), r: 2.6 }),
    ),
    ...points.map((point) =>
      s(
        "circle",
        {
          class: "pw-curve-dot",
          cx: x(point.size),
          cy: y(point.value),
          r: point.size === size ? 4 : 2.4,
        },
        s(
          "title",
          {},
          `${point.size} nodes: ${percent(point.value)}${point.added && `, ${point.added} last`}`,
        ),
      ),
    ),
    ...ticks.map((tick) =>
      s("text", { class: "pw-curve-tick", x: x(tick), y: ground + 13 }, `${tick}`),
    ),
    s("text", { class: "pw-curve-tick", x: (LEFT + right) / 2, y: HIGH - 4 }, "nodes kept"),
  );
}

/** Returns where numbers lie. Far beyond the circuit, sizes are drawn on a logarithmic scale. */
function scales(points: Known[], metric: CircuitMetric, size: number, width: number) {
  const values = [
    ...points.flatMap(({ value, low, high }) => [value, low, high]),
    ...metric.random,
  ];
  const [least, most] = [Math.min(0, ...values), Math.max(1, ...values)];
  const last = points[points.length - 1]?.size ?? 1;
  const place = last > 3 * size ? (n: number) => Math.log1p(n) : (n: number) => n;
  const ground = HIGH - BOTTOM;
  const x = (n: number) => LEFT + ((width - LEFT - RIGHT) * place(n)) / place(last);
  const y = (share: number) => TOP + ((ground - TOP) * (most - share)) / (most - least);
  const ticks: number[] = [];
  for (const tick of [0, size, last, ...points.map((point) => point.size)]) {
    if (ticks.every((other) => Math.abs(x(other) - x(tick)) > 24)) ticks.push(tick);
  }
  return { x, y, ticks, ground };
}

function said(points: Known[]): string {
  const [first, last] = [points[0] as Known, points[points.length - 1] as Known];
  return `From ${percent(first.value)} with ${first.size} nodes to ${percent(last.value)} with ${last.size}.`;
}
