import { beforeEach, describe, expect, it } from "vitest";
import type { ExplorerView } from "../src/views/explorer";
import { click, FakeHost, mount, payload, read, stored, textOf } from "./helpers";

let host: FakeHost;
let view: ExplorerView;

beforeEach(() => {
  host = new FakeHost();
  view = mount(host, payload());
});

const lines = () => [...view.element.querySelectorAll<HTMLElement>(".pw-pair-line")];
const hidden = (selector: string) => view.element.querySelector<HTMLElement>(selector)?.hidden;
const ways = () =>
  [...view.element.querySelectorAll('[aria-label="prompt pairs"] button')].map((one) => [
    one.textContent,
    one.getAttribute("aria-pressed"),
  ]);
const many = (count: number) => {
  const bundle = stored();
  const { pairs } = bundle.header.strip;
  bundle.header.strip.pairs = Array.from({ length: count }, (_, at) => pairs[at % pairs.length]);
  return read(bundle);
};

describe("the prompt pairs", () => {
  it("are all there at first, in short, with what replaces what", () => {
    const [pair] = payload().header.strip.pairs;
    const at = pair?.differs.indexOf(true) ?? -1;
    const [clean, corrupted] = [pair?.clean[at]?.trim(), pair?.corrupted[at]?.trim()];
    expect(ways()).toEqual([
      ["All 3 pairs (mean)", "true"],
      ["One pair", "false"],
    ]);
    expect([lines().length, hidden(".pw-strip"), hidden(".pw-pair-list .pw-pager")]).toEqual([
      3,
      true,
      true,
    ]);
    expect(lines()[0]?.textContent).toContain(`${clean} → ${corrupted}`);
    expect(textOf(view, ".pw-pair-differs")).toBe(`${clean} → ${corrupted}`);
    expect(textOf(view, ".pw-pairs-note")).toBe("The maps show the mean over all pairs.");
  });

  it("are seen one by one, and then it is said what the maps show", () => {
    lines()[1]?.focus();
    lines()[1]?.click();
    expect(host.states).toEqual([{ prompt: 1, alone: true }]);
    expect([hidden(".pw-strip"), hidden(".pw-pair-list")]).toEqual([false, true]);
    expect(textOf(view, ".pw-place")).toBe("pair 2 of 3");
    expect(document.activeElement?.textContent).toBe("One pair");
    expect(textOf(view, ".pw-pairs-note")).toBe(
      "The maps show this pair alone. What is compared, pinned and advised on is of all pairs.",
    );
    click(view, ".pw-pairs button", "All 3 pairs (mean)");
    expect(lines().map((line) => line.getAttribute("aria-current"))).toEqual([null, "true", null]);
  });

  it("are five at a time where there are many, and one is gone to by its number", () => {
    view = mount(host, many(1000));
    expect(lines().length).toBe(5);
    const turn = (label: string) =>
      view.element.querySelector<HTMLElement>(`[aria-label="${label}"]`)?.click();
    turn("pairs before these");
    expect(textOf(view, ".pw-pair-place")).toBe("996–1000 of 1000");
    turn("pairs after these");
    turn("pairs after these");
    expect(textOf(view, ".pw-pair-place")).toBe("6–10 of 1000");
    const wanted = view.element.querySelector('[aria-label="go to pair"]') as HTMLInputElement;
    for (const [typed, prompt] of [
      ["1001", 0],
      ["0", 0],
      ["", 0],
      ["500", 499],
    ] as const) {
      wanted.value = typed;
      wanted.dispatchEvent(new Event("change"));
      expect(view.state.prompt).toBe(prompt);
    }
    click(view, ".pw-pairs button", "All 1000 pairs (mean)");
    expect(textOf(view, ".pw-pair-place")).toBe("496–500 of 1000");
  });

  it("follow the pair that is chosen elsewhere, and stay all together", () => {
    view = mount(host, many(12));
    view.choose({ prompt: 7 });
    expect(textOf(view, ".pw-pair-place")).toBe("6–10 of 12");
    expect(lines()[2]?.getAttribute("aria-current")).toBe("true");
    expect(hidden(".pw-strip")).toBe(true);
  });

  it("are one, token by token, where there is only one", () => {
    view = mount(host, many(1));
    expect([hidden(".pw-strip"), hidden(".pw-pair-list"), hidden(".pw-pairs-note")]).toEqual([
      false,
      true,
      true,
    ]);
    expect(hidden('[aria-label="prompt pairs"]')).toBe(true);
  });

  it("leave out what is far from any difference, and draw noised tokens once", () => {
    const bundle = stored();
    const words = Array.from({ length: 60 }, (_, at) => ` t${at}`);
    Object.assign(bundle.header.strip.pairs[0], {
      clean: words,
      corrupted: words,
      differs: words.map((_, at) => at === 20),
    });
    view = mount(host, read(bundle));
    const text = lines()[0]?.textContent ?? "";
    expect(textOf(view, ".pw-pair-differs")).toBe("t20");
    expect(text.match(/…/g)?.length).toBe(2);
    expect(text).toMatch(/^1 {2}… {2}t12 /);
    expect(text).not.toContain("t40");
    expect(text).toContain("t59");
  });
});
