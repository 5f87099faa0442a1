import { deflateSync } from "node:zlib";
import type { IRenderMime } from "@jupyterlab/rendermime";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { MIME_TYPE } from "../src/generated/views";
import { keep } from "../src/lab/keep";
import type { LiveModel } from "../src/widget/live";
import { stored } from "./helpers";

describe("what is stored follows what is shown", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** An output that stores `bundle`, beside a model that shows `fixture`. */
  function keeping(fixture = "synthetic_exploring", bundle: unknown = stored(fixture)) {
    const kept = { data: { [MIME_TYPE]: bundle } } as unknown as IRenderMime.IMimeModel;
    const setData = vi.fn(({ data }) => Object.assign(kept, { data }));
    Object.assign(kept, { setData });
    let { header } = stored(fixture);
    const told: Record<string, (message?: unknown) => void> = {};
    const model = {
      get: () => header,
      on: (name: string, callback: () => void) => Object.assign(told, { [name]: callback }),
      off() {},
      send: vi.fn(),
    };
    keep(() => kept, model as unknown as LiveModel, new AbortController().signal);
    /** Shows a header that was changed. */
    // biome-ignore lint/suspicious/noExplicitAny: tests change what is not there
    const show = (change: (header: any) => void) => {
      header = structuredClone(header);
      change(header);
      told["change:header"]?.();
      vi.runAllTimers();
    };
    /** Answers as a kernel does, with what is shown or another header. */
    const answer = (answered: unknown = header) => {
      const data = { [MIME_TYPE]: { ...stored(fixture), header: answered } };
      told["msg:custom"]?.({ kind: "store", bundle: data });
      vi.runAllTimers();
    };
    const asked = () => model.send.mock.calls.length;
    vi.runAllTimers();
    return { show, answer, asked, setData };
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests change what is not there
  const CHANGES: [string, (header: any) => void][] = [
    [
      "another circuit of as many runs",
      ({ circuit }) => Object.assign(circuit.nodes[0], { name: "L1H1" }),
    ],
    [
      "other numbers of a circuit",
      ({ circuit }) => Object.assign(circuit.metrics[0].kept, { value: 0.5 }),
    ],
    ["no circuit", (header) => Object.assign(header, { circuit: null })],
    ["another map compared", (header) => Object.assign(header, { compared: "mlp" })],
    ["other methods compared", ({ comparison }) => comparison.methods.pop()],
    ["no comparison", (header) => Object.assign(header, { compared: "", comparison: null })],
    [
      "a note for a pattern",
      ({ details }) => Object.assign(details[0], { patterns: [], note: "busy" }),
    ],
    ["one pattern more", ({ details }) => details[0].patterns.push(details[0].patterns[0])],
    ["a cell that was looked at", ({ details }) => details.push({ ...details[0], node: "L1H1" })],
    ["a problem", ({ advice }) => advice.unshift("This command was not carried out.")],
    [
      "one cell less",
      ({ maps }) => Object.assign(maps[0].progress, { state: "cancelled", done: 3 }),
    ],
  ];

  it.each(CHANGES)("stores %s, and is content then", (_, change) => {
    const { show, answer, asked, setData } = keeping();
    expect(asked()).toBe(0);
    show(change);
    expect(asked()).toBe(1);
    answer();
    expect(setData).toHaveBeenCalledOnce();
    show(() => undefined);
    answer();
    expect(asked()).toBe(1);
    expect(setData).toHaveBeenCalledOnce();
  });

  it("takes a file, which sorts its keys and packs its advice, for what was stored", () => {
    const { header, ...bundle } = stored();
    const text = JSON.stringify(header.advice);
    const file = {
      ...bundle,
      header: { ...sorted(header), advice: [] },
      advice: deflateSync(text).toString("base64"),
      advice_unpacked: text.length,
    };
    const { show, asked } = keeping("synthetic_explorer", file);
    expect(asked()).toBe(0);
    show(({ advice }) => advice.pop());
    expect(asked()).toBe(1);
    const question = stored("synthetic_question");
    expect(keeping("synthetic_question", sorted(question)).asked()).toBe(0);
  });

  it("leaves alone what only a kernel can say", () => {
    const { show, asked } = keeping();
    show(({ offers }) => Object.assign(offers.tabs[0], { cost: "about 9 s", seconds: 9 }));
    expect(asked()).toBe(0);
  });

  it("waits for the end of a map or a circuit that is measured", () => {
    const { show, asked } = keeping();
    for (const progress of ["circuit", "map"] as const) {
      const of = progress === "circuit" ? "circuit" : "0";
      const begun = asked();
      for (const [state, done] of [
        ["waiting", 0],
        ["running", 1],
        ["running", 2],
      ] as const) {
        show(({ circuit, maps }) =>
          Object.assign({ circuit, 0: maps[0] }[of].progress, {
            state,
            done,
            seconds_left: 3 - done,
          }),
        );
      }
      expect(asked()).toBe(begun);
      show(({ circuit, maps }) =>
        Object.assign({ circuit, 0: maps[0] }[of].progress, { state: "failed", message: "no" }),
      );
      expect(asked()).toBe(begun + 1);
    }
  });

  it("asks once for what is never answered as it is shown", () => {
    const { show, answer, asked, setData } = keeping();
    show(({ advice }) => advice.push("new"));
    for (const seconds of [1, 2, 3]) {
      answer({
        ...stored("synthetic_exploring").header,
        facts: [{ label: "s", value: `${seconds}` }],
      });
    }
    expect(asked()).toBe(1);
    expect(setData).toHaveBeenCalledTimes(3);
  });
});

/** Returns JSON with the keys in the order in which Jupyter writes them into a file. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of any kind
function sorted(value: any): any {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
}
