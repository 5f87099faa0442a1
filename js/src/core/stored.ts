import { fromBase64, PayloadError } from "./arrays";
import { inflate } from "./inflate";

/** Returns what a page stores: JSON, or the same packed by zlib, in base64, with its size. */
export function readStored(text: string): unknown {
  const found: unknown = JSON.parse(text);
  const { packed, unpacked } = (found ?? {}) as { packed?: unknown; unpacked?: unknown };
  if (typeof packed !== "string") return found;
  return JSON.parse(new TextDecoder().decode(inflate(fromBase64(packed), unpacked as number)));
}

/** Returns the sentence to show for anything thrown while reading a payload. */
export function sentence(error: unknown): string {
  return error instanceof PayloadError
    ? error.message
    : "This output is damaged and cannot be drawn.";
}
