import type { Attention, Heatmap, Place } from "../generated/views";
import { PayloadError, readFloats } from "./arrays";
import { type Chart, readChart, Status } from "./chart";
import { cut } from "./format";

/** An attention pattern with its numbers decoded. */
export interface AttentionPayload {
  header: Attention;
  /** Over runs, destinations, places. */
  weights: Float32Array;
}

/** Returns a pattern with its numbers decoded, or throws a `PayloadError`. */
export function readAttention(header: Attention, bytes: Uint8Array): AttentionPayload {
  const { runs, destinations, places, destination } = header;
  if (destinations.some((one) => one >= places.length) || !destinations.includes(destination)) {
    throw new PayloadError(`The pattern of ${header.node} attends from where there is no token.`);
  }
  const shape = [runs.length, destinations.length, places.length];
  return { header, weights: readFloats(header.weights, bytes, shape) };
}

/** Returns what a destination attends to in a run; none where its numbers are not here. */
export function attendedIn(payload: AttentionPayload, run: number, from: number): Float32Array {
  const { destinations, places } = payload.header;
  const row = destinations.indexOf(from);
  if (row < 0) return new Float32Array(places.length);
  const start = (run * destinations.length + row) * places.length;
  return payload.weights.subarray(start, start + places.length);
}

/** Returns the destination to show: the chosen one where its numbers are here. */
export function destinationOf({ header }: AttentionPayload, chosen: number): number {
  return header.destinations.includes(chosen) ? chosen : header.destination;
}

/** Returns the token of a place as it is drawn; both where the prompts differ there. */
export function tokenOf({ clean, corrupted, differs }: Place): string {
  const one = visible(clean);
  return differs && clean !== corrupted ? `${one} / ${visible(corrupted)}` : one;
}

/** Returns a token with white space in sight; a dot stands for the several tokens of a mean. */
export function visible(token: string): string {
  if (!token) return "·";
  return cut(token.replaceAll("\n", "⏎").replaceAll("\t", "⇥").trim() || "␣");
}

/** Returns a place by its token and its role, on one line. */
export function placeLabel(place: Place): string {
  return [tokenOf(place), place.role].filter(Boolean).join(" ");
}

/** Returns a share as people write it. */
export function percent(share: number): string {
  if (Number.isNaN(share)) return "–";
  if (share > 0 && share < 0.01) return "<1 %";
  return `${Math.round(100 * share)} %`;
}

/** Returns one run's whole pattern as a map, whose cells above the diagonal do not exist. */
export function chartOf(payload: AttentionPayload, run: number): Chart {
  const { destinations, places, runs, node } = payload.header;
  const size = destinations.length * places.length;
  const values = payload.weights.slice(run * size, (run + 1) * size);
  const status = Uint8Array.from({ length: size }, (_, cell) => {
    const from = destinations[Math.floor(cell / places.length)] as number;
    return cell % places.length > from ? Status.absent : Status.measured;
  });
  const bytes = new Uint8Array(values.byteLength + size);
  bytes.set(new Uint8Array(values.buffer));
  bytes.set(status, values.byteLength);
  const array = { dtype: "float32" as const, shape: [1, destinations.length, places.length] };
  const numbers = { ...array, offset: 0 };
  const label = runs[run]?.label ?? "";
  const map: Heatmap = {
    key: `${node} ${label}`,
    title: `${node}, ${label}`,
    caption: "",
    rows: lines(
      "destination",
      destinations.map((at) => places[at] as Place),
      "from ",
    ),
    columns: lines("source", places, " to "),
    names: {},
    metrics: [{ ...METRIC, label: "attention" }],
    value: numbers,
    effect: numbers,
    low: numbers,
    high: numbers,
    patched: numbers,
    status: { dtype: "uint8", shape: array.shape.slice(1), offset: values.byteLength },
    progress: { state: "done", done: size, total: size, share: 1, seconds_left: null, message: "" },
  };
  return readChart(map, bytes);
}

const METRIC = {
  name: "attention",
  unit: "share" as const,
  base: null,
  source: null,
  normalized: false,
  note: "",
};

function lines(name: string, places: Place[], before: string) {
  const labels = places.map((place) => place.role || tokenOf(place));
  return { name, labels, parts: places.map((place, at) => `${before}${at} ${tokenOf(place)}`) };
}
