import type { Heatmap, MetricColumn, PairMap } from "../generated/views";
import { PayloadError, readFloats, readWholes } from "./arrays";
import { Chart, Status } from "./chart";

/** Returns the maps on single pairs that a payload holds, or throws a `PayloadError`. */
export function readPairMaps(found: PairMap[], charts: Chart[], bytes: Uint8Array): Chart[] {
  return found.flatMap((one) => {
    const whole = charts.find(({ map }) => map.key === one.map);
    return whole ? [onPair(whole, one, bytes)] : [];
  });
}

/** Returns a map on one pair of which nothing is here: every cell that has a number lacks it. */
export function withoutPair({ map, status, size }: Chart, prompt: number): Chart {
  const metrics = map.metrics.map((metric) => ({ ...metric, base: null, source: null }));
  const value = new Float32Array(metrics.length * size).fill(Number.NaN);
  const known = (one: number) => one === Status.measured || one === Status.identity;
  const numbers = {
    ...{ value, effect: null, low: null, high: null, patched: null, estimate: null, draws: null },
    status: status.map((one) => (known(one) ? Status.unmeasured : one)),
  };
  const named = titled(map, prompt);
  return new Chart({ ...named, metrics, estimate: null }, numbers, { prompt, here: false });
}

/** Returns the name of a pair: readers count from 1. */
export function pairName(prompt: number): string {
  return `pair ${prompt + 1}`;
}

/** Returns what is to be minded of a map on one pair; nothing of a mean. */
export function aboutPair({ pair, map }: Chart, metric: number): string {
  if (!pair) return "";
  const { normalized, note } = map.metrics[metric] as MetricColumn;
  const scale = normalized ? " Divided by this pair's own gap." : ` ${note}`;
  return `One pair: intervals and tests are of the mean over pairs, so there are none.${scale}`;
}

function onPair(whole: Chart, found: PairMap, bytes: Uint8Array): Chart {
  const { map, height, width, size } = whole;
  const { metrics, prompt, caption, estimate = null } = found;
  if (metrics.length !== map.metrics.length) {
    throw new PayloadError(`The map ${map.key} has other metrics on ${pairName(prompt)}.`);
  }
  const shape = [metrics.length, height, width];
  const effect = readFloats(found.effect, bytes, shape);
  const each = (count: (effect: number, metric: MetricColumn) => number) =>
    effect.map((one, at) => count(one, metrics[Math.floor(at / size)] as MetricColumn));
  const numbers = {
    value: each((one, metric) => (metric.normalized ? one / gapOf(metric) : one)),
    effect,
    ...{ low: null, high: null, draws: null },
    patched: each((one, { base }) => one + (base ?? Number.NaN)),
    estimate: estimate && readFloats(estimate.value, bytes, shape),
    status: readWholes(found.status, bytes, [height, width]),
  };
  return new Chart({ ...titled(map, prompt), caption, metrics, estimate }, numbers, {
    prompt,
    here: true,
  });
}

function gapOf({ base, source }: MetricColumn): number {
  return (source ?? Number.NaN) - (base ?? Number.NaN);
}

/** Returns what is said of a map, with the pair it is on. */
function titled(map: Heatmap, prompt: number): Heatmap {
  const call = map.call ? `${map.call}.on_pair(${prompt})` : "";
  return { ...map, title: `${map.title} · ${pairName(prompt)} alone`, call };
}
