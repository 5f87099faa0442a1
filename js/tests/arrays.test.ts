import { describe, expect, it } from "vitest";
import { asBytes, fromBase64, readFloats, readWholes } from "../src/core/arrays";

const floats = new Float32Array([1, -2, Number.NaN, 4]);
const ref = { dtype: "float32" as const, shape: [2, 2], offset: 0 };

describe("arrays", () => {
  it("reads a view that starts anywhere in its buffer", () => {
    for (const start of [0, 4, 5]) {
      const buffer = new ArrayBuffer(64);
      new Uint8Array(buffer).set(new Uint8Array(floats.buffer), start);
      const bytes = asBytes(new DataView(buffer, start, 16));
      expect([...readFloats(ref, bytes, [2, 2])]).toEqual([...floats]);
    }
  });

  it("reads whole numbers at an offset", () => {
    const bytes = new Uint8Array([9, 9, 9, 9, 1, 2, 3, 0]);
    const whole = { dtype: "uint8" as const, shape: [3], offset: 4 };
    expect([...readWholes(whole, bytes, [3])]).toEqual([1, 2, 3]);
  });

  it.each([
    ["another shape", { ...ref, shape: [4] }],
    ["another size", { ...ref, shape: [2, 3] }],
    ["another type", { ...ref, dtype: "uint8" as const }],
    ["an end past the bytes", { ...ref, offset: 4 }],
  ])("refuses %s", (_, bad) => {
    expect(() => readFloats(bad, asBytes(floats), [2, 2])).toThrow(/array of this output/);
  });

  it("refuses text that is not base64", () => {
    expect(() => fromBase64("§")).toThrow(/base64/);
  });
});
