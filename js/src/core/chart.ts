import type { ArrayRef, Heatmap, MetricColumn } from "../generated/views";
import { PayloadError, readFloats, readWholes } from "./arrays";
import { limitOf } from "./color";

/** What `Heatmap.status` says of a cell. */
export const Status = {
  unmeasured: 0,
  measured: 1,
  identity: 2,
  unreachable: 3,
  absent: 4,
} as const;

/** What one metric says of one cell; `null` is not measured. */
export interface Reading {
  value: number | null;
  low: number | null;
  high: number | null;
  effect: number | null;
  patched: number | null;
  /** Of single draws of the corruption, on the scale of `value`. */
  draws: { low: number; high: number; sd: number } | null;
  status: number;
  /** On the scale of `value`, measured or not. */
  estimate: number | null;
  /** Whether it was measured and lies below what rounding alone does. */
  noise: boolean;
}

/** What one metric of a map is painted with, cell by cell. */
export interface Drawn {
  /** What was measured; NaN elsewhere. */
  values: Float32Array;
  /** What was estimated where nothing was measured, on the same scale; NaN elsewhere. */
  estimates: Float32Array;
  /** Whether the estimates have the sign of the effect, or are its size. */
  signed: boolean;
  /** 1 where something was measured and lies below what rounding alone does. */
  noise: Uint8Array;
  /** The end of the scale: the largest absolute number. */
  limit: number;
}

/** The arrays of a map: over metrics, rows, columns; `status` over rows, columns. */
export type Numbers = Record<"value", Float32Array> &
  Record<"effect" | "low" | "high" | "patched" | "estimate", Float32Array | null> &
  Record<"status", Uint8Array> &
  Record<"draws", Record<"low" | "high" | "sd", Float32Array> | null>;

/** The prompt pair that a map is of, where it is no mean over pairs. */
export interface OnePair {
  /** From 0. */
  prompt: number;
  /** Whether its numbers are here. */
  here: boolean;
}

/** Returns a map with its arrays decoded, or throws a `PayloadError`. */
export function readChart(map: Heatmap, bytes: Uint8Array): Chart {
  const [height, width] = [map.rows.labels.length, map.columns.labels.length];
  if (map.rows.parts.length !== height || map.columns.parts.length !== width) {
    throw new PayloadError(`The map ${map.key} names more or fewer rows or columns than it has.`);
  }
  if (!map.metrics.length) throw new PayloadError(`The map ${map.key} has no metric.`);
  const shape = [map.metrics.length, height, width];
  const read = (ref: ArrayRef | null | undefined) => (ref ? readFloats(ref, bytes, shape) : null);
  const { draws } = map;
  return new Chart(map, {
    value: readFloats(map.value, bytes, shape),
    effect: read(map.effect),
    low: read(map.low),
    high: read(map.high),
    patched: read(map.patched),
    estimate: read(map.estimate?.value),
    draws: draws
      ? {
          low: readFloats(draws.low, bytes, shape),
          high: readFloats(draws.high, bytes, shape),
          sd: readFloats(draws.sd, bytes, shape),
        }
      : null,
    status: readWholes(map.status, bytes, [height, width]),
  });
}

/** A map with its arrays decoded. */
export class Chart {
  readonly height: number;
  readonly width: number;
  private readonly limits = new Map<string, number>();
  /** How names lead to cells, once one was looked for. */
  private ways: { named: Map<string, number>; columns: Map<string, number[]> } | null = null;

  constructor(
    readonly map: Heatmap,
    private readonly arrays: Numbers,
    /** Null for the mean over pairs. */
    readonly pair: OnePair | null = null,
  ) {
    this.height = map.rows.labels.length;
    this.width = map.columns.labels.length;
  }

  get status(): Uint8Array {
    return this.arrays.status;
  }

  get size(): number {
    return this.height * this.width;
  }

  /** Returns which metric is called `name`; the first where this map has no such metric. */
  metricIndex(name: string): number {
    return Math.max(
      0,
      this.map.metrics.findIndex((metric) => metric.name === name),
    );
  }

  metric(index: number): MetricColumn {
    return this.map.metrics[index] as MetricColumn;
  }

  /** Returns the numbers that are coloured, one per cell; a cell that is zero by identity is 0. */
  values(metric: number): Float32Array {
    const values = this.arrays.value.slice(metric * this.size, (metric + 1) * this.size);
    for (let cell = 0; cell < this.size; cell++) {
      const status = this.status[cell];
      if (status === Status.identity) values[cell] = 0;
      else if (status !== Status.measured) values[cell] = Number.NaN;
    }
    return values;
  }

  /** Returns what is painted, with estimates or without. */
  drawn(metric: number, withEstimates: boolean): Drawn {
    const values = this.values(metric);
    const estimates = new Float32Array(this.size).fill(Number.NaN);
    const { estimate } = this.arrays;
    for (let cell = 0; withEstimates && estimate && cell < this.size; cell++) {
      if (this.status[cell] !== Status.unmeasured) continue;
      estimates[cell] = estimate[metric * this.size + cell] as number;
    }
    return {
      values,
      estimates,
      signed: this.map.estimate?.signed ?? true,
      noise: this.status.map((_, cell) => Number(this.isNoise(metric, cell))),
      limit: limitOf(values, estimates),
    };
  }

  /** Returns the end of the scale, the largest absolute number; looked for once. */
  limit(metric: number, withEstimates: boolean): number {
    const key = `${metric} ${withEstimates}`;
    const known = this.limits.get(key) ?? this.drawn(metric, withEstimates).limit;
    this.limits.set(key, known);
    return known;
  }

  /** Returns what rounding alone does, on the scale of `values`; 0 where that is not known. */
  noiseFloor(metric: number): number {
    const { noise_floor, normalized, base, source } = this.metric(metric);
    const gap = normalized ? Math.abs((source ?? Number.NaN) - (base ?? Number.NaN)) : 1;
    return (noise_floor ?? 0) / gap || 0;
  }

  private isNoise(metric: number, cell: number): boolean {
    if (this.status[cell] !== Status.measured) return false;
    const effect = this.arrays.effect?.[metric * this.size + cell] ?? Number.NaN;
    return Math.abs(effect) < (this.metric(metric).noise_floor ?? 0);
  }

  /** Returns whether the map has numbers of a kind. */
  has(kind: "value" | "low" | "high" | "effect" | "patched" | "draws"): boolean {
    return this.arrays[kind] !== null;
  }

  read(metric: number, cell: number): Reading {
    const status = this.status[cell] ?? Status.absent;
    const at = metric * this.size + cell;
    const number = (array: Float32Array | null) => {
      const value = array?.[at] ?? Number.NaN;
      return Number.isFinite(value) ? value : null;
    };
    const { value, low, high, effect, patched, estimate } = this.arrays;
    const known = { status, estimate: number(estimate), noise: this.isNoise(metric, cell) };
    if (status === Status.identity) {
      const base = this.metric(metric).base;
      const effect = this.has("effect") ? 0 : null;
      return { ...known, value: 0, low: null, high: null, effect, patched: base, draws: null };
    }
    if (status !== Status.measured) {
      const none = { value: null, low: null, high: null, effect: null, patched: null };
      return { ...known, ...none, draws: null };
    }
    return {
      ...known,
      value: number(value),
      low: number(low),
      high: number(high),
      effect: number(effect),
      patched: number(patched),
      draws: this.drawsAt(at),
    };
  }

  private drawsAt(at: number): Reading["draws"] {
    const { draws } = this.arrays;
    if (!draws) return null;
    const { low, high, sd } = draws;
    const found = { low: low[at] as number, high: high[at] as number, sd: sd[at] as number };
    return Object.values(found).every(Number.isFinite) ? found : null;
  }

  exists(cell: number): boolean {
    return cell >= 0 && cell < this.size && this.status[cell] !== Status.absent;
  }

  /** Returns the written name of the node in a cell. */
  nameOf(cell: number): string {
    const { names, rows, columns } = this.map;
    const written = names[String(cell)];
    if (written !== undefined) return written;
    return `${rows.parts[Math.floor(cell / this.width)]}${columns.parts[cell % this.width]}`;
  }

  /** Returns the cell of the node written `name`, or -1; the first where several are. */
  cellOf(name: string): number {
    const { names, rows } = this.map;
    this.ways ??= { named: firstOf(names), columns: placesOf(this.map.columns.parts) };
    const named = this.ways.named.get(name);
    const found = named === undefined ? [] : [named];
    for (let row = 0; row < this.height; row++) {
      const part = rows.parts[row] as string;
      if (!name.startsWith(part)) continue;
      const columns = this.ways.columns.get(name.slice(part.length)) ?? [];
      const cells = columns.map((column) => row * this.width + column);
      found.push(...cells.filter((cell) => names[String(cell)] === undefined));
    }
    return found.sort((a, b) => a - b).find((cell) => this.exists(cell)) ?? -1;
  }
}

/** Returns the first cell of each name that rows and columns do not give. */
function firstOf(names: Heatmap["names"]): Map<string, number> {
  const cells = Object.entries(names).map(([cell, name]) => [name, Number(cell)] as const);
  return new Map(cells.sort(([, one], [, other]) => other - one));
}

function placesOf(parts: string[]): Map<string, number[]> {
  const places = new Map<string, number[]>();
  parts.forEach((part, place) => {
    const known = places.get(part);
    if (known) known.push(place);
    else places.set(part, [place]);
  });
  return places;
}
