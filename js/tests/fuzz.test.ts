import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { PayloadError } from "../src/core/arrays";
import { stored as offline } from "../src/core/host";
import { readBundle } from "../src/core/payload";
import { openView, type View } from "../src/views/view";
import { stored } from "./helpers";

/** How many damaged payloads of each kind; `PW_FUZZ` at full length. */
const TIMES = Number(process.env.PW_FUZZ ?? 12);

const HOSTILE = [
  "<script>window.harmed = true</script>",
  '"><img src=x onerror="window.harmed = true">',
  "javascript:window.harmed=true",
  "\u202eright to left",
  "\ud800",
  "L".repeat(50_000),
  "",
];
const ODD: unknown[] = [null, true, 0, -1, 1.5, 1e308, 2 ** 40, [], {}, [[]], ...HOSTILE];

type Place = [holder: Record<string, unknown>, key: string];

/** Returns numbers from 0 to 1 that are the same every time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32;
    return state / 2 ** 32;
  };
}

function places(value: unknown): Place[] {
  if (typeof value !== "object" || value === null) return [];
  const holder = value as Record<string, unknown>;
  return Object.keys(holder).flatMap((key) => [[holder, key] as Place, ...places(holder[key])]);
}

function damage(bundle: unknown, next: () => number): void {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)] as T;
  for (let left = pick([1, 1, 1, 2, 4]); left > 0; left--) {
    const all = places(bundle);
    const [holder, key] = pick(next() < 0.3 ? all.slice(0, 12) : all);
    const [other, name] = pick(all);
    switch (pick(["replace", "text", "remove", "swap", "repeat"])) {
      case "replace":
        holder[key] = pick(ODD);
        break;
      case "text":
        if (typeof holder[key] === "string") holder[key] = `${holder[key]}${pick(HOSTILE)}`;
        break;
      case "remove":
        delete holder[key];
        break;
      case "swap":
        [holder[key], other[name]] = structuredClone([other[name], holder[key]]);
        break;
      case "repeat":
        if (Array.isArray(holder[key]))
          holder[key] = [...holder[key], ...structuredClone(holder[key])];
    }
  }
}

const KINDS = readdirSync(resolve(import.meta.dirname, "../../tests/fixtures/views"))
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.replace(".json", ""));

beforeEach(() => document.body.replaceChildren());

describe("a damaged or hostile output", () => {
  it.each(KINDS)(
    "%s is refused in a sentence, or drawn as text",
    (kind) => {
      const next = random(KINDS.indexOf(kind) + 1);
      for (let attempt = 0; attempt < TIMES; attempt++) {
        const bundle = stored(kind);
        damage(bundle, next);
        const place = document.createElement("div");
        document.body.replaceChildren(place);
        let view: View | undefined;
        try {
          view = openView(place, readBundle(bundle), offline);
        } catch (error) {
          if (!(error instanceof PayloadError))
            throw new Error(`attempt ${attempt}: ${(error as Error).stack}`);
          expect(error.message).toMatch(/\.$/);
          expect(error.message.length).toBeLessThan(1000);
        }
        expect(place.querySelector("script, img[onerror], iframe, object")).toBeNull();
        expect("harmed" in window).toBe(false);
        view?.destroy();
      }
    },
    120_000,
  );
});
