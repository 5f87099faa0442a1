import { constants, deflateSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { inflate, MOST_BYTES } from "../src/core/inflate";
import { readBundle, readStored, sentence } from "../src/core/payload";
import { bytesOf, payload, stored } from "./helpers";

const DAMAGED =
  "This output is damaged and cannot be drawn: its numbers do not unpack to what was packed.";

function noise(length: number, letters: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state = (state * 48271) % 2147483647;
    return state % letters;
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

const SAMPLES: [string, Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["one byte", Uint8Array.of(7)],
  ["noise", noise(70_000, 256)],
  ["few letters", noise(300_000, 5)],
  ["one letter", new Uint8Array(200_000).fill(65)],
  ["a payload", bytesOf(stored())],
];

describe("what zlib packed", () => {
  it.each(SAMPLES)("comes back: %s", (_, bytes) => {
    for (const level of [0, 1, 6, 9]) {
      for (const strategy of [constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED]) {
        const packed = deflateSync(bytes, { level, strategy });
        expect(Buffer.from(inflate(packed, bytes.length)).equals(Buffer.from(bytes))).toBe(true);
      }
    }
  });

  it("is drawn as what was not packed", () => {
    const whole = stored();
    const bytes = bytesOf(whole);
    const small = { ...whole, block: base64(deflateSync(bytes)), unpacked: bytes.length };
    expect(readBundle(small)).toEqual(payload());
    const ordered = bytes.map(
      (_, at) => bytes[((at * 4) % bytes.length) + Math.floor((at * 4) / bytes.length)] as number,
    );
    const byByte = { ...small, block: base64(deflateSync(ordered)), by_byte: true };
    expect(readBundle(byByte)).toEqual(payload());
    const said = Buffer.from(JSON.stringify(whole.header.advice));
    const lean = {
      ...byByte,
      header: { ...whole.header, advice: [] },
      advice: base64(deflateSync(said)),
      advice_unpacked: said.length,
    };
    expect(readBundle(lean)).toEqual(payload());
    const text = Buffer.from(JSON.stringify(whole));
    const page = { packed: base64(deflateSync(text)), unpacked: text.length };
    expect(readStored(JSON.stringify(page))).toEqual(whole);
    expect(readStored(JSON.stringify(whole))).toEqual(whole);
  });
});

describe("what is no longer as it was packed", () => {
  const bytes = noise(5000, 40);
  const packed = deflateSync(bytes);

  function refusal(data: Uint8Array, size: number): string {
    try {
      inflate(data, size);
    } catch (error) {
      return sentence(error);
    }
    return "unpacked";
  }

  it("is refused wherever it was cut", () => {
    for (let length = 0; length < packed.length; length += 97) {
      expect(refusal(packed.subarray(0, length), bytes.length)).toBe(DAMAGED);
    }
  });

  it("is refused wherever it was changed", () => {
    for (let at = 0; at < packed.length; at += 31) {
      const changed = Uint8Array.from(packed);
      changed[at] = (changed[at] as number) ^ 16;
      expect(refusal(changed, bytes.length)).toBe(DAMAGED);
    }
  });

  it.each([[bytes.length - 1], [bytes.length + 1], [-1], [0.5], [Number.NaN], [MOST_BYTES + 1]])(
    "is refused where %s bytes are announced",
    (size) => {
      expect(refusal(packed, size)).toBe(DAMAGED);
      expect(() => readBundle({ ...stored(), unpacked: size })).toThrow(DAMAGED);
    },
  );
});
