import { PayloadError } from "./arrays";
import { type AnyPayload, readBundle } from "./payload";

export const STUDY_FORMAT = "patchwidgets-study";

/** The newest study file that is understood here; `SCHEMA_VERSION` of `saving/_document.py`. */
export const STUDY_VERSION = 3;

/** Characters of a file that is drawn. */
const LARGEST = 100_000_000;

const OTHERS: Record<string, string> = {
  "patchwidgets-result": "one result; `pw.Result.load` opens it",
  "patchwidgets-comparison": "a comparison; `Comparison.load` opens it",
};

/** What a page needs of a study file. */
export interface StudyFile {
  title: string;
  /** Python that makes the study again. */
  code: string;
  /** Keys of the results in it. */
  results: string[];
  payload: AnyPayload;
  /** Comparisons and circuits. */
  below: AnyPayload[];
}

/** Returns what a study file holds, or throws a `PayloadError` that says why it cannot be drawn. */
export function readStudy(text: string): StudyFile {
  if (text.length > LARGEST) {
    throw new PayloadError(
      `This file has ${Math.round(text.length / 1e6)} MB, more than the 100 MB that are drawn here. Open it in Python with pw.open_study(path, limit=None).`,
    );
  }
  const found = parsed(text);
  refuseOthers(found);
  const { title, code, results, view, below = [] } = found;
  if (typeof title !== "string" || typeof code !== "string" || !isObject(results)) {
    throw damaged("it has no title, code or results");
  }
  if (!Array.isArray(below)) throw damaged("what is shown below its maps is no list");
  return {
    title,
    code,
    results: Object.keys(results),
    payload: readBundle(view),
    below: below.map(readBundle),
  };
}

function parsed(text: string): Record<string, unknown> {
  let found: unknown;
  try {
    found = JSON.parse(text);
  } catch {
    throw damaged("it is not complete JSON");
  }
  if (!isObject(found)) throw damaged("it is not a JSON object");
  return found;
}

function refuseOthers(found: Record<string, unknown>): void {
  const { format, schema_version: version } = found;
  if (format !== STUDY_FORMAT) {
    const what = "nbformat" in found ? "a notebook; open it with Notebook" : OTHERS[String(format)];
    throw new PayloadError(
      `This is not a patchwidgets study but ${what ?? "something else"}. Studies are what study.save(path) writes.`,
    );
  }
  if (!Number.isInteger(version)) throw damaged("it does not say its schema version");
  if ((version as number) > STUDY_VERSION) {
    throw new PayloadError(
      `This study was written by a newer patchwidgets (schema version ${version}; this one reads up to ${STUDY_VERSION}). Upgrade patchwidgets to see it.`,
    );
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function damaged(what: string): PayloadError {
  return new PayloadError(
    `This study is damaged: ${what}. It was cut short or changed after it was saved. Use another copy, or measure and save it again.`,
  );
}
