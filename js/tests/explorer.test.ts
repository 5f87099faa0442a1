import { beforeEach, describe, expect, it } from "vitest";
import type { ExplorerView } from "../src/views/explorer";
import {
  click,
  FakeHost,
  firstMaps,
  grids,
  mount,
  payload,
  press,
  read,
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
const asked = (receiver: string, more = {}) => ({
  command: "drill",
  receiver,
  sender: "",
  setting: "",
  form: "",
  limit: 60,
  ...more,
});
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

  it("says how far draws of the corruption differ, where there are several", () => {
    click(view, ".pw-peak", "L29H0");
    expect(textOf(view, ".pw-cell")).not.toContain("draws");
    const bundle = stored();
    for (const map of bundle.header.maps) {
      map.draws = { count: 10, low: map.low, high: map.high, sd: map.high };
    }
    view = mount(host, read(bundle));
    click(view, ".pw-peak", "L29H0");
    expect(textOf(view, ".pw-cell")).toMatch(/over 10 draws−0.37 to −0.25 +SD −0.25/);
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
    expect(host.commands).toEqual([asked("L20H0.v")]);
    expect(view.state.trail).toEqual(["heads"]);
    view.update(whole);
    expect(view.state.trail).toEqual(["heads", "L20H0.v"]);
  });

  it("names the key/value head that query heads share", () => {
    click(view, ".pw-peak", "L17H4");
    press(first(), "k");
    expect(host.commands).toEqual([asked("L17H1.k")]);
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

  it("opens what an MLP reads, all inputs of a head together, the logits, and where one writes", () => {
    click(view, ".pw-peak", "L20H0");
    press(first(), "v");
    click(view, ".pw-peak", "L8.mlp_out");
    press(second(), "i");
    press(second(), "l");
    click(view, ".pw-peak", "L17H4");
    press(second(), "a");
    press(second(), "w");
    expect(host.commands).toEqual([
      asked("L8.mlp_in"),
      asked("logits"),
      asked("L17H4.q, L17H1.k, L17H1.v"),
      asked("", { sender: "L17H4" }),
    ]);
  });

  it("offers nothing for places of the residual stream", () => {
    view = mount(host, payload("synthetic_positions"));
    press(first(), "ArrowDown");
    press(first(), "Enter");
    expect(view.element.querySelectorAll(".pw-ways button").length).toBe(0);
  });

  it("pins nodes, and takes pins away", () => {
    click(view, ".pw-peak", "L20H0");
    press(first(), "p");
    click(view, ".pw-peak", "L29H0");
    click(view, ".pw-pin", "Pin into the circuit");
    expect(view.state.pins).toEqual(["L20H0", "L29H0"]);
    click(view, ".pw-pin", "Take it from the circuit");
    expect(host.states.filter((state) => "pins" in state)).toEqual([
      { pins: ["L20H0"] },
      { pins: ["L20H0", "L29H0"] },
      { pins: ["L20H0"] },
    ]);
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
      alone: false,
      estimates: true,
      form: "",
      pins: [],
    });
    view.update(firstMaps(whole, 1));
    expect(view.state.trail).toEqual(["heads"]);
  });
});

describe("what was estimated", () => {
  const select = (name: string) => view.choose({ selection: name });

  beforeEach(() => {
    view = mount(host, payload("synthetic_estimated"));
  });

  it("is said of a cell that was not measured", () => {
    select("L19H2");
    expect(cellText(first())).toBe("L19H2, estimated +0.22 (attribution patching), not measured");
    expect(textOf(view, ".pw-cell")).toContain("estimated+0.22");
    select("L29H7");
    expect(cellText(first())).toBe("L29H7, not measured yet");
  });

  it("stands beside what was measured", () => {
    select("L20H0");
    expect(cellText(first())).toMatch(/^L20H0, normalized \+0\.52 95 %/);
    expect(textOf(view, ".pw-cell")).toMatch(/normalized\+0\.52.*estimated\+0\.41/);
  });

  it("is a size where it has no sign", () => {
    const bundle = stored("synthetic_estimated");
    Object.assign(bundle.header.maps[0].estimate, {
      signed: false,
      method: "attribution patching with GradDrop",
    });
    view = mount(host, read(bundle));
    select("L19H2");
    expect(cellText(first())).toBe(
      "L19H2, estimated size 0.22 (attribution patching with GradDrop), not measured",
    );
    expect(textOf(view, ".pw-legend")).toContain("estimated size, no sign");
  });

  it("is summed up under the map, for the metric that is drawn", () => {
    expect(textOf(view, ".pw-agreement")).toContain("rank correlation with exact 0.95");
    expect(textOf(view, ".pw-legend")).toContain("estimated (attribution patching), not measured");
    click(view, ".pw-metric", "probability");
    expect(textOf(view, ".pw-agreement")).toMatch(/the rest neither measured nor estimated$/);
    expect(textOf(view, ".pw-legend")).not.toContain("estimated");
  });

  it("can be left out, and comes back", () => {
    click(view, ".pw-metric", "Measured only");
    expect(host.states).toEqual([{ estimates: false }]);
    select("L19H2");
    expect(cellText(first())).toBe("L19H2, not measured yet");
    select("L20H0");
    expect(textOf(view, ".pw-cell")).not.toContain("estimated");
    expect(textOf(view, ".pw-legend")).not.toContain("estimated");
    view.choose({ estimates: true });
    expect(textOf(view, ".pw-legend")).toContain("estimated");
    const pressed = view.element.querySelector('.pw-metric[aria-pressed="true"]');
    expect(pressed?.textContent).toBe("With estimates");
  });

  it("is never among the strongest cells", () => {
    const peaks = [...view.element.querySelectorAll(".pw-peak span")].map((one) => one.textContent);
    expect(peaks).toEqual(["L20H0", "L17H4", "L23H3", "L29H0"]);
  });

  it("has no choice where nothing was estimated", () => {
    const shows = () => view.element.querySelector('[aria-label="cells that were not measured"]');
    expect(shows()).toHaveProperty("hidden", false);
    view = mount(host);
    expect(shows()).toHaveProperty("hidden", true);
    expect(view.element.querySelector(".pw-agreement")).toHaveProperty("hidden", true);
  });

  it("starts the keyboard at the strongest estimate where nothing is measured yet", () => {
    const shown = payload("synthetic_estimated");
    for (const { status } of shown.charts) status.fill(0);
    view = mount(host, shown);
    press(first(), "ArrowDown");
    expect(view.state.selection).toBe("L20H0");
  });
});

describe("the noise floor", () => {
  beforeEach(() => {
    view = mount(host, payload("synthetic_estimated"));
  });

  it("is said of a cell below it, and of the scale", () => {
    view.choose({ selection: "L5H2" });
    expect(cellText(first())).toBe(
      "L5H2, normalized +0.005 95 % −0.025 to 0.035, below the noise floor of 0.040 logits: rounding alone does as much",
    );
    expect(textOf(view, ".pw-legend")).toContain("below the noise floor of 0.040 logits");
    const band = view.element.querySelector<HTMLElement>(".pw-ramp-noise");
    expect(band?.hidden).toBe(false);
    expect(Number.parseFloat(band?.style.height ?? "")).toBeCloseTo((190 * 0.04) / 5.64 / 0.52, 1);
  });

  it("is not drawn where nothing lies below it", () => {
    const bundle = stored();
    bundle.header.maps[0].metrics[0].noise_floor = 1e-6;
    view = mount(host, read(bundle));
    expect(view.element.querySelector(".pw-ramp-noise")).toHaveProperty("hidden", true);
    expect(textOf(view, ".pw-legend")).not.toContain("noise");
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
  view = mount(host, read(bundle));
  press(first(), "ArrowDown");
  expect(view.element.querySelectorAll("img, script").length).toBe(0);
  expect(textOf(view, ".pw-title")).toBe(hostile);
  expect(textOf(view, ".pw-cell")).toContain(hostile);
});

it("folds away most tokens of a long prompt", () => {
  const bundle = stored();
  const [pair] = bundle.header.strip.pairs;
  const words = Array.from({ length: 2000 }, (_, at) => ` t${at}`);
  Object.assign(pair, {
    clean: words,
    corrupted: words.with(700, " other"),
    differs: words.map((_, at) => at === 700),
    roles: { "1500": "S2" },
  });
  view = mount(host, read(bundle));
  const seen = view.element.querySelectorAll(".pw-tokens .pw-position").length;
  expect(seen).toBe(13 + 1 + 25 + 1 + 25 + 1 + 13);
  expect(textOf(view, ".pw-tokens")).toContain("… 675 the same …");
  expect(textOf(view, ".pw-tokens")).toContain("t1500");
  expect(textOf(view, ".pw-tokens")).not.toContain("t1000");
});
