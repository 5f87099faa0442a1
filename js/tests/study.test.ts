import { describe, expect, it } from "vitest";
import { sentence } from "../src/core/payload";
import { DEFAULTS, readPreferences } from "../src/core/preferences";
import { readStudy, STUDY_FORMAT, STUDY_VERSION } from "../src/core/study";
import { MIME_TYPE } from "../src/generated/views";
import { listed } from "../src/lab/listed";
import type { Panel } from "../src/lab/notebooks";
import { type LiveModel, list, live, unlist } from "../src/widget/live";
import { payload, stored } from "./helpers";

const FILE = {
  format: STUDY_FORMAT,
  schema_version: STUDY_VERSION,
  title: "Indirect object identification",
  code: "study = pw.Study(...)",
  results: { heads: {}, "L20H0.v": {} },
  view: stored(),
};

function refusal(text: string): string {
  try {
    readStudy(text);
  } catch (error) {
    return sentence(error);
  }
  return "drawn";
}

describe("a study file", () => {
  it("holds what is drawn, without Python", () => {
    const study = readStudy(JSON.stringify(FILE));
    expect(study).toMatchObject({ title: FILE.title, code: FILE.code });
    expect(study.results).toEqual(["heads", "L20H0.v"]);
    expect(study.payload).toEqual(payload());
    expect(study.below).toEqual([]);
  });

  it("reads what is shown below the maps", () => {
    const text = JSON.stringify({ ...FILE, below: [stored(), stored()] });
    expect(readStudy(text).below).toEqual([payload(), payload()]);
    expect(() => readStudy(JSON.stringify({ ...FILE, below: {} }))).toThrow(
      `This study is damaged: what is shown below its maps is no list. ${damage}`,
    );
  });

  const damage =
    "It was cut short or changed after it was saved. Use another copy, or measure and save it again.";

  it.each([
    ["{", `This study is damaged: it is not complete JSON. ${damage}`],
    ["[1]", `This study is damaged: it is not a JSON object. ${damage}`],
    [
      JSON.stringify({ ...FILE, schema_version: "1" }),
      `This study is damaged: it does not say its schema version. ${damage}`,
    ],
    [
      JSON.stringify({ ...FILE, title: 1 }),
      `This study is damaged: it has no title, code or results. ${damage}`,
    ],
    [
      JSON.stringify({ ...FILE, schema_version: STUDY_VERSION + 1, title: 1 }),
      "This study was written by a newer patchwidgets (schema version 4; this one reads up to 3). Upgrade patchwidgets to see it.",
    ],
    [
      '{"format": "patchwidgets-result"}',
      "This is not a patchwidgets study but one result; `pw.Result.load` opens it. Studies are what study.save(path) writes.",
    ],
    [
      "{}",
      "This is not a patchwidgets study but something else. Studies are what study.save(path) writes.",
    ],
    [
      JSON.stringify({ ...FILE, view: null }),
      "This output is damaged and cannot be drawn: it is no patchwidgets payload.",
    ],
    [
      " ".repeat(100_000_001),
      "This file has 100 MB, more than the 100 MB that are drawn here. Open it in Python with pw.open_study(path, limit=None).",
    ],
  ])("that cannot be drawn says why", (text, said) => {
    expect(refusal(text)).toBe(said);
  });
});

describe("preferences", () => {
  it("keep what is known and leave the rest as it is by default", () => {
    expect(readPreferences({})).toEqual(DEFAULTS);
    const bad = { palette: "rainbow", metric: 3, confirmSeconds: -1 };
    expect(readPreferences(bad)).toEqual(DEFAULTS);
    const good = { palette: "orange-purple", metric: "prob", confirmSeconds: 0 } as const;
    expect(readPreferences(good)).toEqual(good);
  });
});

describe("the list of a notebook's studies", () => {
  function notebook(...bundles: unknown[]): Panel {
    const cells = bundles.map((bundle) => ({
      model: {
        type: "code",
        toJSON: () => ({ outputs: [{ data: { [MIME_TYPE]: bundle } }, {}] }),
      },
    }));
    const words = { model: { type: "markdown", toJSON: () => ({}) } };
    return { content: { widgets: [words, ...cells] } } as unknown as Panel;
  }

  it("says of each what it shows, and how far it is", () => {
    live().models.clear();
    const found = listed(notebook(stored(), stored("synthetic_running"), "nonsense"));
    expect(found.map(({ cell, state }) => [cell, state])).toEqual([
      [1, "stored"],
      [2, "needs a kernel"],
      [3, "cannot be drawn"],
    ]);
    expect(found[0]?.title).toBe(stored().header.title);
    expect(found[0]?.about).toContain("maps");
  });

  it("says what a kernel does, by what it shows rather than by what is stored", () => {
    const header = { value: stored("synthetic_running").header };
    list("abc", { get: () => header.value } as unknown as LiveModel);
    const shown = notebook({ ...stored("synthetic_running"), live_id: "abc" });
    expect(listed(shown)[0]?.state).toBe("measuring");
    expect(listed(shown)[0]?.says).toMatch(/^a kernel is measuring it, \d+ of \d+$/);
    header.value = stored().header;
    expect(listed(shown)[0]?.state).toBe("measured");
    unlist("abc", live().models.get("abc") as LiveModel);
    expect(listed(shown)[0]?.state).toBe("needs a kernel");
  });
});
