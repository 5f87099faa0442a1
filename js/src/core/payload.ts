import {
  type Detail,
  type Explorer,
  type Prompts,
  type Question,
  SCHEMA_VERSION,
} from "../generated/views";
import schema from "../generated/views.schema.json";
import { readArrayMap } from "./array-map";
import { fromBase64, PayloadError } from "./arrays";
import { type AttentionPayload, readAttention } from "./attention";
import { type Chart, readChart } from "./chart";
import { fault, type Schema } from "./check";
import { readCircuit } from "./circuit";
import { type ComparisonPayload, readComparison } from "./comparison";
import { inflate } from "./inflate";
import { readPairMaps } from "./pair-map";
import { type EffectsPayload, readEffects } from "./prompt-effects";

export { readStored, sentence } from "./stored";

/** Everything an explorer draws. */
export interface Payload {
  header: Explorer;
  charts: Chart[];
  /** Those of them that are here on single pairs. */
  onPairs: Chart[];
  details: DetailPayload[];
  comparison: ComparisonPayload | null;
}

/** What is known of one cell, with its numbers decoded. */
export interface DetailPayload {
  header: Detail;
  effects: EffectsPayload;
  patterns: AttentionPayload[];
}

const ROOT = schema as Schema;

/** Every view by the name in `header.view`: what it is checked against, and how it is read. */
const VIEWS = {
  explorer: { schema: ROOT, read: readExplorer },
  comparison: { schema: { $ref: "#/$defs/Comparison" }, read: readComparison },
  heatmap: { schema: { $ref: "#/$defs/ArrayMap" }, read: readArrayMap },
  attention: { schema: { $ref: "#/$defs/Attention" }, read: readAttention },
  prompt_effects: { schema: { $ref: "#/$defs/PromptEffects" }, read: readEffects },
  prompts: { schema: { $ref: "#/$defs/Prompts" }, read: (header: Prompts) => ({ header }) },
  circuit: { schema: { $ref: "#/$defs/Circuit" }, read: readCircuit },
  question: { schema: { $ref: "#/$defs/Question" }, read: (header: Question) => ({ header }) },
};

export type ViewName = keyof typeof VIEWS;

/** Everything a view draws; `header.view` says which. */
export type AnyPayload = ReturnType<(typeof VIEWS)[ViewName]["read"]>;

/** Returns which view a header is made for: an explorer where it does not say another. */
export function viewNameOf(header: unknown): ViewName {
  const view = (header as { view?: unknown } | null | undefined)?.view;
  return typeof view === "string" && Object.hasOwn(VIEWS, view) ? (view as ViewName) : "explorer";
}

/** Returns a checked payload, or throws a `PayloadError` that says what is wrong with it. */
export function readPayload(header: unknown, bytes: Uint8Array): AnyPayload {
  const { schema: expected, read } = VIEWS[viewNameOf(header)];
  const found = fault(header, expected, ROOT);
  if (found) throw new PayloadError(`This output is damaged and cannot be drawn: ${found}.`);
  return read(header as never, bytes);
}

function readExplorer(header: Explorer, bytes: Uint8Array): Payload {
  const details = (header.details ?? []).map((detail) => ({
    header: detail,
    effects: readEffects(detail.effects, bytes),
    patterns: detail.patterns.map((pattern) => readAttention(pattern, bytes)),
  }));
  const comparison = header.comparison ? readComparison(header.comparison, bytes) : null;
  const charts = header.maps.map((map) => readChart(map, bytes));
  const onPairs = readPairMaps(header.pair_maps ?? [], charts, bytes);
  return { header, charts, onPairs, details, comparison };
}

/** As `readPayload`, for the form in which notebooks and reports store it. */
export function readBundle(data: unknown): AnyPayload {
  const bundle = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  const version = bundle.schema_version;
  if (!Number.isInteger(version) || typeof bundle.block !== "string") {
    throw new PayloadError(
      "This output is damaged and cannot be drawn: it is no patchwidgets payload.",
    );
  }
  if ((version as number) > SCHEMA_VERSION) {
    throw new PayloadError(
      `This output was written by a newer patchwidgets (payload version ${version}; this one reads up to ${SCHEMA_VERSION}). Upgrade patchwidgets to see it.`,
    );
  }
  return readPayload(headerOf(bundle), blockOf(bundle.block, bundle));
}

/** Returns a bundle's header, with its advice where that was packed. */
export function headerOf({
  header,
  advice,
  advice_unpacked: size,
}: Record<string, unknown>): unknown {
  if (typeof advice !== "string") return header;
  const text = new TextDecoder().decode(inflate(fromBase64(advice), size as number));
  return { ...(header as object), advice: JSON.parse(text) };
}

/** Returns the bytes of a bundle's arrays, which may be packed. */
function blockOf(text: string, bundle: Record<string, unknown>): Uint8Array {
  const { unpacked, by_byte: byByte } = bundle;
  const block = fromBase64(text);
  if (unpacked === undefined) return block;
  const bytes = inflate(block, unpacked as number);
  if (byByte !== true) return bytes;
  // The first bytes of all numbers stand before their second bytes, and so on.
  const count = bytes.length >> 2;
  return bytes.map((_, at) => bytes[(at & 3) * count + (at >> 2)] as number);
}
