import type { ArrayRef } from "../generated/views";

/** A payload that cannot be drawn; the message is a sentence for the reader. */
export class PayloadError extends Error {}

/** Returns the bytes behind whatever a host hands over, without copying them. */
export function asBytes(source: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}

/** Returns the bytes written as base64. */
export function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  } catch {
    throw new PayloadError("The numbers of this output are not readable base64.");
  }
}

/** Returns the numbers that `ref` describes, which must have the shape that is expected. */
export function readFloats(ref: ArrayRef, bytes: Uint8Array, shape: number[]): Float32Array {
  const [start, count] = locate(ref, bytes, shape, "float32", 4);
  const aligned = start % 4 === 0;
  if (aligned) return new Float32Array(bytes.buffer, start, count);
  return new Float32Array(bytes.slice(ref.offset, ref.offset + 4 * count).buffer);
}

/** As `readFloats`, for small whole numbers. */
export function readWholes(ref: ArrayRef, bytes: Uint8Array, shape: number[]): Uint8Array {
  const [start, count] = locate(ref, bytes, shape, "uint8", 1);
  return new Uint8Array(bytes.buffer, start, count);
}

function locate(
  ref: ArrayRef,
  bytes: Uint8Array,
  shape: number[],
  dtype: ArrayRef["dtype"],
  width: number,
): [start: number, count: number] {
  const fits = ref.shape.length === shape.length && ref.shape.every((n, i) => n === shape[i]);
  if (ref.dtype !== dtype || !fits) {
    throw new PayloadError(
      `An array of this output is ${ref.dtype} ${ref.shape.join(" x ")}; its map needs ${dtype} ${shape.join(" x ")}.`,
    );
  }
  const count = shape.reduce((product, n) => product * n, 1);
  if (ref.offset + count * width > bytes.byteLength) {
    throw new PayloadError("An array of this output reaches past the end of its bytes.");
  }
  return [bytes.byteOffset + ref.offset, count];
}
