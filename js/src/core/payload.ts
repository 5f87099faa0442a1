import { type Explorer, SCHEMA_VERSION } from "../generated/views";
import schema from "../generated/views.schema.json";
import { fromBase64, PayloadError } from "./arrays";
import { Chart } from "./chart";
import { fault, type Schema } from "./check";
import { type ComparisonPayload, readComparison } from "./comparison";

/** Everything an explorer draws. */
export interface Payload {
  header: Explorer;
  charts: Chart[];
}

/** Everything a view draws; `header.view` says which. */
export type AnyPayload = Payload | ComparisonPayload;

const ROOT = schema as Schema;
const COMPARISON: Schema = { $ref: "#/$defs/Comparison" };

/** Returns whether a payload is a comparison; otherwise it is an explorer. */
export function isComparison(payload: AnyPayload): payload is ComparisonPayload {
  return payload.header.view === "comparison";
}

/** Returns a checked payload, or throws a `PayloadError` that says what is wrong with it. */
export function readPayload(header: unknown, bytes: Uint8Array): AnyPayload {
  const view = (header as { view?: unknown } | null | undefined)?.view;
  const compared = view === "comparison";
  const found = fault(header, compared ? COMPARISON : ROOT, ROOT);
  if (found) throw new PayloadError(`This output is damaged and cannot be drawn: ${found}.`);
  if (compared) return readComparison(header as ComparisonPayload["header"], bytes);
  const checked = header as Explorer;
  return { header: checked, charts: checked.maps.map((map) => new Chart(map, bytes)) };
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
  return readPayload(bundle.header, fromBase64(bundle.block));
}

/** Returns the sentence to show for anything thrown while reading a payload. */
export function sentence(error: unknown): string {
  return error instanceof PayloadError
    ? error.message
    : "This output is damaged and cannot be drawn.";
}
