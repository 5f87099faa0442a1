import { beforeEach, describe, expect, it } from "vitest";
import { readBundle } from "../src/core/payload";
import type { ExplorerView } from "../src/views/explorer";
import {
  click,
  FakeHost,
  firstMaps,
  grids,
  mount,
  payload,
  press,
  stored,
  textOf,
} from "./helpers";

let host: FakeHost;
let view: ExplorerView;

beforeEach(() => {
  host = new FakeHost();
  view = mount(host);
});

const first = () => grids(view)[0] as HTMLElement;
const second = () => grids(view)[1] as HTMLElement;
const cellText = (grid: HTMLElement) => grid.querySelector('[role="gridcell"]')?.textContent ?? "";

describe("looking at a map", () => {
  it("starts the keyboard at the strongest cell and says what is there", () => {
    press(first(), "ArrowDown");
    expect(view.state.selection).toBe("L20H0");
    press(first(), "ArrowDown");
    expect(host.states).toEqual([{ selection: "L20H0" }, { selection: "L21H0" }]);
    expect(cellText(first())).toMatch(/^L21H0, normalized/);
    expect(first().getAttribute("aria-activedescendant")).toBe(
      first().querySelector('[role="gridcell"]')?.id,
    );
  });

  it("shows the selected cell in full", () => {
    click(view, ".pw-peak", "L29H0");
    const said = textOf(view, ".pw-cell");
    for (const part of ["L29H0", "−0.31", "95 % −0.37 to −0.25", "−1.75 logits", "−4.56"]) {
      expect(said).toContain(part);
    }
  });

  it("shows facts at the keyboard's cell, and hides them when it leaves", () => {
    first().focus();
    press(first(), "ArrowDown");
    expect(textOf(view, ".pw-tooltip")).toContain("L20H0");
    first().blur();
    expect(view.element.querySelector(".pw-tooltip")).toHaveProperty("hidden", true);
  });

  it("says why a cell has no number", () => {
    press(first(), "Home", { ctrlKey: true });
    press(first(), "Home", { ctrlKey: true });
    expect(cellText(first())).toContain("zero by identity: source and base agree here");
  });

  it("takes the keys it knows from the page, and only those", () => {
    expect(press(first(), "ArrowDown").defaultPrevented).toBe(true);
    expect(press(first(), "x").defaultPrevented).toBe(false);
    expect(press(first(), "Tab").defaultPrevented).toBe(false);
    expect(first().getAttribute("data-lm-suppress-shortcuts")).toBe("true");
    for (const element of view.element.querySelectorAll("button")) {
      expect(element.getAttribute("data-lm-suppress-shortcuts")).toBe("true");
    }
  });

  it("draws another metric and another pair, and tells the other side", () => {
    click(view, ".pw-metric", "probability");
    expect(textOf(view, ".pw-baseline")).toContain("+0.41");
    view.element.querySelector<HTMLButtonElement>('[aria-label="next pair"]')?.click();
    expect(textOf(view, ".pw-place")).toBe("pair 2 of 3");
    expect(host.states).toEqual([{ metric: "prob" }, { prompt: 1 }]);
  });
});

describe("opening path maps", () => {
  it("opens one that is here at once, and goes back", () => {
    press(first(), "ArrowDown");
    press(first(), "Enter");
    expect(textOf(view, ".pw-menu")).toContain("L20H0.v (kv head 0, heads 0–2)");
    press(view.element.querySelector(".pw-menu") as Element, "v");
    expect(view.state.trail).toEqual(["heads", "L20H0.v"]);
    expect(host.commands).toEqual([]);
    expect(textOf(view, ".pw-trail")).toContain("heads › L20H0.v");
    expect(document.activeElement).toBe(second());
    press(second(), "Backspace");
    expect(view.state.trail).toEqual(["heads"]);
    expect(document.activeElement).toBe(first());
    expect(view.state.selection).toBe("L20H0");
  });

  it("opens the next level beside the last", () => {
    click(view, ".pw-peak", "L20H0");
    press(first(), "v");
    click(view, ".pw-peak", "L17H4");
    press(second(), "q");
    expect(view.state.trail).toEqual(["heads", "L20H0.v", "L17H4.q"]);
    expect(grids(view).map((grid) => grid.getAttribute("aria-label"))).toEqual([
      "What feeds L20H0.v? layer by sender",
      "What feeds L17H4.q? layer by sender",
    ]);
    click(view, ".pw-link", "heads");
    expect(view.state.trail).toEqual(["heads"]);
  });

  it("asks the kernel for one that is not here, and opens it when it comes", () => {
    const whole = payload();
    view = mount(host, firstMaps(whole, 1));
    click(view, ".pw-peak", "L20H0");
    press(first(), "v");
    expect(host.commands).toEqual([{ command: "drill", receiver: "L20H0.v" }]);
    expect(view.state.trail).toEqual(["heads"]);
    view.update(whole);
    expect(view.state.trail).toEqual(["heads", "L20H0.v"]);
  });

  it("names the key/value head that query heads share", () => {
    click(view, ".pw-peak", "L17H4");
    press(first(), "k");
    expect(host.commands).toEqual([{ command: "drill", receiver: "L17H1.k" }]);
  });

  it("says what to run where there is no kernel", () => {
    const alone = new FakeHost(false);
    view = mount(alone);
    click(view, ".pw-peak", "L23H3");
    press(first(), "q");
    expect(textOf(view, ".pw-status")).toBe(
      'L23H3.q was not measured; run study.path(receivers=["L23H3.q"]) with a kernel',
    );
    expect(alone.commands).toEqual([]);
  });

  it("offers nothing for nodes that are not heads", () => {
    click(view, ".pw-peak", "L20H0");
    press(first(), "v");
    click(view, ".pw-peak", "L8.mlp_out");
    press(second(), "Enter");
    expect(view.element.querySelectorAll(".pw-ways button").length).toBe(0);
    expect(textOf(view, ".pw-status")).toContain("only attention heads");
  });
});

describe("measuring", () => {
  it("shows how far it has come, and stops on Escape", () => {
    view = mount(host, payload("synthetic_running"));
    expect(textOf(view, ".pw-progress-text")).toBe("measuring 113 of 270 · 4 s left");
    press(first(), "Escape");
    expect(host.commands).toEqual([{ command: "cancel", key: "heads" }]);
  });

  it("says that a saved output was never finished", () => {
    view = mount(new FakeHost(false), payload("synthetic_running"));
    expect(textOf(view, ".pw-progress-text")).toBe("saved while measuring: 113 of 270");
  });

  it("goes on in place: focus, selection and open maps stay", () => {
    const whole = payload();
    first().focus();
    click(view, ".pw-peak", "L20H0");
    press(first(), "v");
    press(second(), "ArrowDown");
    const kept = second();
    expect(document.activeElement).toBe(kept);
    view.update(payload());
    expect(second()).toBe(kept);
    expect(document.activeElement).toBe(kept);
    expect(view.state).toEqual({
      selection: "L17H4",
      trail: ["heads", "L20H0.v"],
      metric: "",
      prompt: 0,
    });
    view.update(firstMaps(whole, 1));
    expect(view.state.trail).toEqual(["heads"]);
  });
});

describe("the other side", () => {
  it("may choose, and is not told what it chose", () => {
    view.choose({ trail: ["heads", "L20H0.v"], selection: "L14H3", prompt: 2 });
    expect(grids(view).length).toBe(2);
    expect(textOf(view, ".pw-cell")).toContain("L14H3 → L20H0.v");
    expect(textOf(view, ".pw-place")).toBe("pair 3 of 3");
    expect(host.states).toEqual([]);
  });

  it("may name what is not here without harm", () => {
    view.choose({ trail: ["heads", "L1H1.q"], selection: "L99H9", metric: "none", prompt: 99 });
    expect(view.state.trail).toEqual(["heads"]);
    expect(view.state.selection).toBe("");
    expect(textOf(view, ".pw-place")).toBe("pair 1 of 3");
  });
});

it("keeps hostile text as text", () => {
  const hostile = '<img src=x onerror="globalThis.harmed = true"><script>harmed()</script>';
  const bundle = stored();
  const { header } = bundle;
  header.title = hostile;
  header.facts[0].value = hostile;
  header.advice = [hostile];
  header.code = hostile;
  header.strip.pairs[0].clean[0] = hostile;
  header.strip.pairs[0].roles = { "0": hostile };
  header.strip.pairs[0].answers = [hostile];
  header.maps[0].title = hostile;
  header.maps[0].caption = hostile;
  header.maps[0].names = { "180": hostile };
  header.maps[0].metrics[0].label = hostile;
  header.maps[0].progress = { ...header.maps[0].progress, state: "failed", message: hostile };
  view = mount(host, readBundle(bundle));
  press(first(), "ArrowDown");
  expect(view.element.querySelectorAll("img, script").length).toBe(0);
  expect(textOf(view, ".pw-title")).toBe(hostile);
  expect(textOf(view, ".pw-cell")).toContain(hostile);
});
