import { describe, expect, it } from "vitest";
import { Status } from "../src/core/chart";
import { readBundle, sentence } from "../src/core/payload";
import { SCHEMA_VERSION } from "../src/generated/views";
import { payload, type Stored, stored } from "./helpers";

function refusal(data: unknown): string {
  try {
    readBundle(data);
  } catch (error) {
    return sentence(error);
  }
  return "drawn";
}

describe("a payload from Python", () => {
  it.each([
    "synthetic_explorer",
    "synthetic_running",
    "synthetic_positions",
    "synthetic_estimated",
  ])("reads %s", (name) => {
    expect(payload(name).charts.length).toBe(stored(name).header.maps.length);
  });

  it("still reads what version 1 wrote, which knew neither estimates nor noise", () => {
    const old = stored("version_1");
    expect(old.schema_version).toBe(1);
    expect(Object.keys(old.header.maps[0])).not.toContain("estimate");
    const [heads] = payload("version_1").charts;
    expect(heads?.read(0, 200)).toMatchObject({ value: null, estimate: null, noise: false });
    expect(heads?.drawn(0, true).estimates.every(Number.isNaN)).toBe(true);
    expect(heads?.noiseFloor(0)).toBe(0);
  });

  it("still reads what version 3 wrote", () => {
    expect(stored("version_3").schema_version).toBe(3);
    expect(payload("version_3").charts.map(({ map }) => map.key)).toContain("L20H0.v");
  });

  it("has the planted numbers under their written names", () => {
    const [heads] = payload().charts;
    const cell = heads?.cellOf("L29H0") ?? -1;
    expect(heads?.nameOf(cell)).toBe("L29H0");
    const reading = heads?.read(0, cell);
    expect(reading?.value).toBeCloseTo(-0.31);
    expect(reading?.effect).toBeCloseTo(-0.31 * 5.64);
    expect(reading?.patched).toBeCloseTo(-2.81 - 0.31 * 5.64);
  });

  it("keeps zero by identity, unreachable and absent cells apart", () => {
    const [heads, path] = payload().charts;
    expect(heads?.read(0, 0)).toMatchObject({ value: 0, effect: 0, patched: -2.81 });
    const unreachable = path?.cellOf("L25H0") ?? -1;
    expect(path?.status[unreachable]).toBe(Status.unreachable);
    expect(path?.read(0, unreachable).value).toBeNull();
    expect(path?.nameOf(0)).toBe("embed");
    expect(path?.exists(1)).toBe(false);
    expect(path?.cellOf("H1")).toBe(-1);
  });

  it("has no number where nothing was measured", () => {
    const [heads] = payload("synthetic_running").charts;
    expect(heads?.values(0)[200]).toBeNaN();
    expect(heads?.read(0, 200).value).toBeNull();
  });
});

describe("a payload that cannot be drawn", () => {
  it("says that it is too new, with both versions", () => {
    const said = refusal({ ...stored(), schema_version: 99 });
    expect(said).toContain("version 99");
    expect(said).toContain(`up to ${SCHEMA_VERSION}`);
  });

  it.each([
    ["nothing", undefined],
    ["a list", []],
    ["no block", { ...stored(), block: undefined }],
    ["no header", { ...stored(), header: undefined }],
    ["a short block", { ...stored(), block: "AAAA" }],
    ["a broken block", { ...stored(), block: "%" }],
  ])("says so of %s", (_, data) => {
    expect(refusal(data)).toMatch(/\.$/);
    expect(refusal(data)).not.toBe("drawn");
  });

  it.each<[string, (header: Stored["header"]) => void]>([
    ["title is missing", (header) => delete header.title],
    ["maps is empty", (header) => Object.assign(header, { maps: [] })],
    ["drills is not boolean", (header) => Object.assign(header, { drills: "yes" })],
    ["extra is unknown", (header) => Object.assign(header, { extra: 1 })],
    ["maps[0].status.offset", (header) => Object.assign(header.maps[0].status, { offset: -4 })],
    ["maps[0].progress.state", (header) => Object.assign(header.maps[0].progress, { state: "?" })],
    [
      "maps[0].metrics[0].base",
      (header) => Object.assign(header.maps[0].metrics[0], { base: "1" }),
    ],
    ["maps[0].estimate", (header) => Object.assign(header.maps[0], { estimate: {} })],
    ["noise_floor", (header) => Object.assign(header.maps[0].metrics[0], { noise_floor: -1 })],
    ["more or fewer rows", (header) => header.maps[0].rows.parts.pop()],
    ["float32", (header) => header.maps[0].rows.labels.pop() && header.maps[0].rows.parts.pop()],
  ])("names the fault: %s", (fault, damage) => {
    const bundle = stored();
    damage(bundle.header);
    expect(refusal(bundle)).toContain(fault);
  });
});
