import { type Explorer, SCHEMA_VERSION } from "../generated/views";
import schema from "../generated/views.schema.json";
import { fromBase64, PayloadError } from "./arrays";
import { Chart } from "./chart";
import { fault, type Schema } from "./check";

/** Everything an explorer draws. */
export interface Payload {
  header: Explorer;
  charts: Chart[];
}

/** Returns a checked payload, or throws a `PayloadError` that says what is wrong with it. */
export function readPayload(header: unknown, bytes: Uint8Array): Payload {
  const found = fault(header, schema as Schema);
  if (found) throw new PayloadError(`This output is damaged and cannot be drawn: ${found}.`);
  const checked = header as Explorer;
  return { header: checked, charts: checked.maps.map((map) => new Chart(map, bytes)) };
}

/** As `readPayload`, for the form in which notebooks and reports store it. */
export function readBundle(data: unknown): Payload {
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
