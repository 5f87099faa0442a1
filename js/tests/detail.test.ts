import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type AttentionPayload, attendedIn, chartOf } from "../src/core/attention";
import { Status } from "../src/core/chart";
import { readBundle, sentence } from "../src/core/payload";
import { type EffectsPayload, effectsOf } from "../src/core/prompt-effects";
import { swarm } from "../src/core/swarm";
import type { AttentionView } from "../src/views/attention";
import { pictureOf, type SvgSheet } from "../src/views/picture-save";
import type { PromptEffectsView } from "../src/views/prompt-effects";
import type { PromptEffectsPanel } from "../src/views/prompt-effects-panel";
import type { PromptsView } from "../src/views/prompts";
import { openView, type View } from "../src/views/view";
import { bytesOf, FakeHost, press, type Stored, stored } from "./helpers";

let host: FakeHost;
let view: View & { element: HTMLElement };

function mounted<Kind>(fixture: string, change?: (bundle: Stored) => void): Kind {
  const bundle = stored(fixture);
  change?.(bundle);
  document.body.replaceChildren();
  host = new FakeHost();
  view = openView(document.body, readBundle(bundle), host) as typeof view;
  return view as unknown as Kind;
}

afterEach(() => view?.destroy());

const all = (selector: string) => [...view.element.querySelectorAll<HTMLElement>(selector)];
const one = (selector: string) => all(selector)[0] as HTMLElement;
const texts = (selector: string) => all(selector).map((element) => element.textContent);
const push = (text: string) =>
  all("button")
    .find((button) => button.textContent === text)
    ?.click();

function damaged(fixture: string, damage: (header: Stored["header"]) => void): string {
  const bundle = stored(fixture);
  damage(bundle.header);
  try {
    readBundle(bundle);
    return "drawn";
  } catch (error) {
    return sentence(error);
  }
}

describe("an attention pattern", () => {
  beforeEach(() => mounted<AttentionView>("synthetic_attention"));
  const row = (at: number) =>
    all(".pw-attended tbody tr").find((tr) => tr.querySelector(`[data-at="${at}"]`));
  const shares = (at: number) =>
    [...(row(at)?.querySelectorAll("td") ?? [])].map((cell) => cell.textContent);

  it("is bars of the last token, the runs beside each other", () => {
    expect(texts(".pw-attended thead th")).toEqual(["token", "clean", "corrupted", "patched"]);
    expect(shares(10)).toEqual(["41 %", "59 %", "50 %"]);
    expect(row(10)?.textContent).toContain("John / MaryS2");
    const [clean, , patched] = row(10)?.querySelectorAll<HTMLElement>(".pw-share") ?? [];
    expect(Number.parseFloat(clean?.style.width ?? "")).toBeLessThan(80);
    expect(patched?.dataset.run).toBe("patched");
    expect(row(10)?.querySelectorAll(".pw-was").length).toBe(1);
    expect(one(".pw-caption").textContent).toContain("a line in a bar: the corrupted run");
  });

  it("is about another token when one is clicked, or chosen from the list", () => {
    row(3)?.querySelector<HTMLElement>("th")?.click();
    expect(host.states).toEqual([{ destination: 3 }]);
    expect(all(".pw-attended tbody th").length).toBeLessThanOrEqual(4);
    const list = one("select") as HTMLSelectElement;
    expect(list.value).toBe("3");
    list.value = "10";
    list.onchange?.(new Event("change"));
    expect(view.state.destination).toBe(10);
    expect(one(".pw-attended").getAttribute("aria-label")).toBe("what John / Mary S2 attends to");
  });

  it("folds tokens away that get nothing, and shows them when asked", () => {
    const before = all(".pw-attended tbody th").length;
    const [fold] = all(".pw-attended .pw-link");
    expect(fold?.textContent).toMatch(/^\d+ tokens below 1 % each$/);
    fold?.click();
    expect(all(".pw-attended tbody th").length).toBe(15);
    expect(before).toBeLessThan(15);
    expect(document.activeElement?.textContent).toBe("show less");
  });

  it("is maps of all tokens, without cells above the diagonal", () => {
    push("all tokens");
    expect(host.states).toEqual([{ matrix: true }]);
    const maps = all('[role="grid"]');
    expect(maps.length).toBe(3);
    press(maps[0] as Element, "ArrowUp");
    expect(view.state.destination).toBe(13);
    expect(maps[0]?.querySelector('[role="gridcell"]')?.textContent).toMatch(/^bag to .*: \d+ %$/);
    expect(one(".pw-hovered").textContent).toMatch(/clean, corrupted .* %, patched .* %$/);
    const payload = readBundle(stored("synthetic_attention")) as AttentionPayload;
    const chart = chartOf(payload, 0);
    expect(chart.status[1]).toBe(Status.absent);
    expect(chart.read(0, 14 * 15 + 10).value).toBeCloseTo(attendedIn(payload, 0, 14)[10] ?? 0);
  });

  it("takes over what the other side says, and never a token that is not here", () => {
    view.choose({ destination: 2, matrix: false });
    expect((one("select") as HTMLSelectElement).value).toBe("2");
    view.choose({ destination: 99 });
    expect((one("select") as HTMLSelectElement).value).toBe("14");
    expect(view.state.selection).toBe("L20H0");
  });

  it("says in words why a patch changes nothing", () => {
    mounted<AttentionView>("synthetic_attention", ({ header }) => {
      header.note = "The output of L20H0 comes after its pattern.";
    });
    expect(one(".pw-remark").textContent).toBe("The output of L20H0 comes after its pattern.");
    expect(one(".pw-remark").hidden).toBe(false);
  });

  it.each<[string, (header: Stored["header"]) => void]>([
    ["float32 3 x 15 x 15", (header) => header.runs.pop()],
    ["attends from where there is no token", (header) => header.destinations.push(15)],
    [
      "attends from where there is no token",
      (header) => Object.assign(header, { destination: 99 }),
    ],
    ["runs is empty", (header) => Object.assign(header, { runs: [] })],
  ])("is refused where %s", (fault, damage) => {
    expect(damaged("synthetic_attention", damage)).toContain(fault);
  });

  it("draws text as text", () => {
    mounted<AttentionView>("synthetic_attention", ({ header }) => {
      header.places[14].clean = "<img src=x onerror=alert(1)>";
    });
    expect(all("img").length).toBe(0);
    expect(one(".pw-from").textContent).toContain("<img");
  });
});

describe("per-prompt effects", () => {
  beforeEach(() => mounted<PromptEffectsView>("synthetic_effects"));
  const dots = () => [...view.element.querySelectorAll(".pw-dot")];
  const strip = () => one('[role="listbox"]');
  const said = () => strip().querySelector('[role="option"]')?.textContent;

  it("are one dot for every pair, rings below 0", () => {
    const payload = readBundle(stored("synthetic_effects")) as EffectsPayload;
    const below = effectsOf(payload, 0).filter((value) => value < 0).length;
    expect(dots().length).toBe(64);
    expect(below).toBeGreaterThan(0);
    expect(all(".pw-dot-negative").length).toBe(below);
    expect(one(".pw-effects-summary").textContent).toMatch(
      /^mean \+2\.76 logits, 95 % \+2\.31 to \+3\.25 · above 0 on 61 of 64 pairs$/,
    );
    expect(texts(".pw-effects-name")).toEqual(["0 = corrupted run", "+5.67 = clean run (mean)"]);
  });

  it("are walked through in the order of their effects, and chosen by Enter", () => {
    press(strip(), "Home");
    const first = said();
    expect(first).toMatch(/^pair \d+ · (ABBA|BABA): −1\.51 logits \(logit difference /);
    press(strip(), "ArrowRight");
    expect(said()).not.toBe(first);
    press(strip(), "ArrowLeft");
    expect(said()).toBe(first);
    expect(strip().getAttribute("aria-activedescendant")).toBe(
      strip().querySelector('[role="option"]')?.id,
    );
    press(strip(), "Enter");
    const [state] = host.states;
    expect(said()).toContain(`pair ${(state?.prompt ?? -9) + 1} `);
    expect(all(".pw-dot.pw-chosen").length).toBe(1);
    expect(one(".pw-place").textContent).toBe(`pair ${(view.state.prompt ?? -9) + 1} of 64`);
    expect(press(strip(), "x").defaultPrevented).toBe(false);
  });

  it("are read by another metric, and by group", () => {
    push("probability");
    push("by group");
    expect(host.states).toEqual([{ metric: "prob" }, { grouped: true }]);
    expect(texts(".pw-effects-label").map((text) => text?.slice(0, 9))).toEqual([
      "ABBA · 32",
      "BABA · 32",
    ]);
    expect(dots().length).toBe(64);
  });

  it("follow the pair that is chosen elsewhere", () => {
    view.choose({ prompt: 5 });
    expect(one(".pw-effects-said").textContent).toMatch(/^pair 6 · BABA/);
    expect(host.states).toEqual([]);
  });

  it("are saved as a picture with everything that is said of them", () => {
    const panel = (view as unknown as { panel: PromptEffectsPanel }).panel;
    const { svg: text } = pictureOf(panel.sheet as SvgSheet);
    const svg = new DOMParser().parseFromString(text, "image/svg+xml");
    expect(svg.querySelector("parsererror")).toBeNull();
    expect(svg.querySelectorAll("circle").length).toBe(dots().length);
    const words = [...svg.querySelectorAll("text")].map((one) => one.textContent ?? "").join(" ");
    const { header } = readBundle(stored("synthetic_effects")) as EffectsPayload;
    expect(words).toContain("mean +2.76 logits, 95 % +2.31 to +3.25");
    expect(words).toContain("0 = corrupted run");
    expect(words).toContain(header.title);
    expect(words).toContain(`${header.caption} · metric logit difference`);
    expect(texts(".pw-save button")).toEqual(["Save as PNG", "Save as SVG"]);
  });

  it("say why there are none", () => {
    mounted<PromptEffectsView>("synthetic_effects", (bundle) => {
      const { effect } = bundle.header;
      const bytes = bytesOf(bundle);
      const count = effect.shape[0] * effect.shape[1];
      new Float32Array(bytes.buffer, effect.offset, count).fill(Number.NaN);
      bundle.block = btoa(String.fromCharCode(...bytes));
      Object.assign(bundle.header, { note: "not measured" });
      for (const summary of bundle.header.summaries) {
        Object.assign(summary, { mean: null, low: null, high: null });
      }
    });
    expect(dots().length).toBe(0);
    expect(strip().hidden).toBe(true);
    expect(one(".pw-remark").textContent).toBe("not measured");
  });

  it.each<[string, (header: Stored["header"]) => void]>([
    ["summaries of other metrics", (header) => header.summaries.pop()],
    ["of 64 pairs, not these", (header) => header.strip.pairs.pop()],
    ["float32 2 x 64", (header) => header.base.shape.push(1)],
  ])("are refused where %s", (fault, damage) => {
    expect(damaged("synthetic_effects", damage)).toContain(fault);
  });
});

describe("prompt pairs by themselves", () => {
  it("are turned, and turn with the other side", () => {
    mounted<PromptsView>("synthetic_prompts");
    one('[aria-label="next pair"]').click();
    expect(host.states).toEqual([{ prompt: 1 }]);
    view.choose({ prompt: 2 });
    expect(one(".pw-place").textContent).toBe("pair 3 of 3");
    expect(view.state).toEqual({ prompt: 2 });
  });
});

describe("a swarm of dots", () => {
  const apart = (places: number[], most: number) => {
    const { radius, offsets } = swarm(places, most);
    const least = 2 * radius - 1e-6;
    return places.every((x, i) =>
      places.every((y, j) => {
        const away = (x - y) ** 2 + ((offsets[i] as number) - (offsets[j] as number)) ** 2;
        return i === j || away >= least ** 2;
      }),
    );
  };

  it("hides no dot behind another, from 1 to 1,000", () => {
    let seed = 1;
    const next = () => {
      seed = (seed * 16807) % 2147483647;
      return seed / 2147483647;
    };
    for (const count of [1, 2, 64, 1000]) {
      const places = Array.from({ length: count }, () => 300 * (next() + next()));
      expect(apart(places, 52)).toBe(true);
      expect(swarm(places, 52).reach).toBeLessThan(60);
    }
    expect(swarm([7], 52)).toEqual({ radius: 4.5, offsets: [0], reach: 4.5 });
  });

  it("keeps within bounds where all places are one, and leaves out what is not there", () => {
    const { offsets, reach, radius } = swarm(Array(1000).fill(5), 52);
    expect(radius).toBe(1.5);
    expect(reach).toBeLessThan(70);
    expect(new Set(offsets).size).toBeGreaterThan(20);
    expect(swarm([1, Number.NaN, 2], 52).offsets[1]).toBeNaN();
  });
});
