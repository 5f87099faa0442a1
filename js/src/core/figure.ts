import { type Figure, SCHEMA_VERSION } from "../generated/views";
import schema from "../generated/views.schema.json";
import { PayloadError } from "./arrays";
import { fault, type Schema } from "./check";

const ROOT = schema as Schema;
const FIGURE: Schema = { $ref: "#/$defs/Figure" };

/** Returns a checked still picture, or throws a `PayloadError` that says what is wrong with it. */
export function readFigure(header: unknown): Figure {
  const found = fault(header, FIGURE, ROOT);
  if (found) throw new PayloadError(`This output is damaged and cannot be drawn: ${found}.`);
  return header as Figure;
}

/** As `readFigure`, for the form in which notebooks and reports store it. */
export function readFigureBundle(data: unknown): Figure {
  const bundle = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  const version = Number.isInteger(bundle.schema_version) ? (bundle.schema_version as number) : 0;
  if (version > SCHEMA_VERSION) {
    throw new PayloadError(
      `This output was written by a newer patchwidgets (payload version ${version}; this one reads up to ${SCHEMA_VERSION}). Upgrade patchwidgets to see it.`,
    );
  }
  return readFigure(bundle.header);
}
