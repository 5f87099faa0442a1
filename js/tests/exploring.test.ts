import { beforeEach, describe, expect, it } from "vitest";
import { costOf } from "../src/core/settings";
import type { ExplorerView } from "../src/views/explorer";
import { click, FakeHost, grids, mount, payload, press, read, stored, textOf } from "./helpers";

let host: FakeHost;
let view: ExplorerView;

beforeEach(() => {
  host = new FakeHost();
  view = mount(host, payload("synthetic_exploring"));
});

const first = () => grids(view)[0] as HTMLElement;
const select = (label: string) =>
  [...view.element.querySelectorAll(".pw-setting")]
    .find((one) => one.textContent?.startsWith(label))
    ?.querySelector("select") as HTMLSelectElement;
const pick = (control: HTMLSelectElement, value: string) => {
  control.value = value;
  control.dispatchEvent(new Event("change"));
};
const which = (part: string) =>
  view.element.querySelector(`[data-part="${part}"]`) as HTMLSelectElement;
/** Everything that is chosen behind a tab, without its mark. */
const choices = () =>
  Object.fromEntries(
    [...view.element.querySelectorAll<HTMLSelectElement>("[data-part]")]
      .filter(({ parentElement }) => !parentElement?.hidden)
      .map((one) => [one.dataset.part, one.selectedOptions[0]?.text.split(" · ")[0]]),
  );
const sweep = (more = {}) => ({
  command: "sweep",
  tab: "heads",
  direction: "denoising",
  corruption: "token_replacement at S2",
  metrics: ["logit_diff", "prob"],
  now: false,
  ...more,
});

describe("tabs", () => {
  it("are one stop for the Tab key, and the arrows move between them", () => {
    const tabs = [...view.element.querySelectorAll<HTMLElement>('[role="tab"]')];
    expect(tabs.map((tab) => tab.textContent)).toEqual(["Heads", "Residual", "MLP"]);
    expect(tabs.map((tab) => tab.tabIndex)).toEqual([0, -1, -1]);
    tabs[0]?.focus();
    press(tabs[0] as HTMLElement, "ArrowLeft");
    expect(document.activeElement).toBe(tabs[2]);
    expect(view.state.trail).toEqual(["mlp"]);
    press(tabs[2] as HTMLElement, "Home");
    expect(view.state.trail).toEqual(["heads"]);
  });

  it("keep what was opened from each", () => {
    click(view, ".pw-peak", "L20H0");
    press(first(), "v");
    click(view, ".pw-tab", "Residual");
    expect(view.state.trail).toEqual(["residual by role"]);
    click(view, ".pw-tab", "Heads");
    expect(view.state.trail).toEqual(["heads", "L20H0.v"]);
  });

  it("have a choice where there are several maps behind one", () => {
    click(view, ".pw-tab", "Residual");
    expect(view.element.querySelector(".pw-which")).toHaveProperty("hidden", true);
    click(view, ".pw-tab", "MLP");
    expect(choices()).toEqual({ layers: "single" });
    pick(which("layers"), "mlp, windows of 5");
    expect(view.state.trail).toEqual(["mlp, windows of 5"]);
    expect(choices()).toEqual({ layers: "windows of 5" });
    click(view, ".pw-tab", "Heads");
    click(view, ".pw-tab", "MLP");
    expect(view.state.trail).toEqual(["mlp, windows of 5"]);
  });

  it("say of every other choice in words whether it is here, or what it takes", () => {
    const said = (part: string) => [...which(part).options].map(({ text }) => text);
    expect(said("site")).toEqual(["outputs (z)", "values (v) · about 40 s"]);
    expect(said("positions")).toEqual(["all together", "each role · not measured"]);
    pick(which("site"), "heads v");
    expect(said("site")).toEqual(["outputs (z) · ✓ here", "values (v)"]);
    view = mount(new FakeHost(false), payload("synthetic_exploring"));
    expect(said("site")).toEqual(["outputs (z)", "values (v) · about 40 s"]);
  });

  it("go to the map that is most like the one before, where there is none between", () => {
    pick(which("site"), "heads v");
    expect(choices()).toEqual({ site: "values (v)", positions: "all together" });
    expect(which("positions").options[1]?.value).toBe("heads by role");
    pick(which("positions"), "heads by role");
    expect(choices()).toEqual({ site: "outputs (z)", positions: "each role" });
  });

  it("have one choice where a payload of before tells its maps by one name", () => {
    const bundle = stored("synthetic_exploring");
    for (const tab of bundle.header.offers.tabs) {
      for (const name of ["site", "window", "positions"]) delete tab[name];
    }
    view = mount(host, read(bundle));
    expect(choices()).toEqual({ positions: "each whole" });
    pick(which("positions"), "heads v");
    expect(view.state.trail).toEqual(["heads v"]);
  });
});

describe("a map that is not measured", () => {
  it("says what it takes, and is asked for by a click", () => {
    click(view, ".pw-tab", "Residual");
    expect(grids(view).length).toBe(0);
    expect(textOf(view, ".pw-unmeasured")).toContain("Residual: by role");
    click(view, ".pw-unmeasured button", "Measure it (about 20 s)");
    expect(host.commands).toEqual([sweep({ tab: "residual by role" })]);
    expect(textOf(view, ".pw-unmeasured")).toContain("Asked for");
  });

  it("waits for what is being measured, or stops it", () => {
    const bundle = stored("synthetic_exploring");
    bundle.header.maps[0].progress = { ...bundle.header.maps[0].progress, state: "running" };
    view = mount(host, read(bundle));
    click(view, ".pw-tab", "MLP");
    click(view, ".pw-unmeasured button", "Stop the other and measure it now");
    expect(host.commands).toEqual([sweep({ tab: "mlp", now: true })]);
  });

  it("is asked for twice where it takes longer than the reader likes", () => {
    click(view, ".pw-tab", "MLP");
    pick(which("layers"), "mlp, windows of 5");
    click(view, ".pw-unmeasured button", "Measure it (about 3 min)");
    expect(host.commands).toEqual([]);
    click(view, ".pw-unmeasured button", "Measure it all the same: about 3 min");
    expect(host.commands).toEqual([sweep({ tab: "mlp, windows of 5" })]);
  });

  it("says what to run where there is no kernel", () => {
    view = mount(new FakeHost(false), payload("synthetic_exploring"));
    click(view, ".pw-tab", "Residual");
    expect(view.element.querySelectorAll(".pw-unmeasured button").length).toBe(0);
    expect(textOf(view, ".pw-unmeasured code")).toBe("study.sweep('residual by role')");
  });
});

describe("settings", () => {
  it("show maps that were measured in another setting at once", () => {
    pick(select("direction"), "noising");
    expect(view.state.trail).toEqual(["noising: heads"]);
    expect(grids(view).length).toBe(1);
    expect(textOf(view, ".pw-baseline")).toContain("0 = clean run");
    expect(host.commands).toEqual([]);
  });

  it("ask for those that were not, and open them when they come", () => {
    pick(select("corruption"), "gaussian_noise at S2");
    expect(grids(view).length).toBe(0);
    click(view, ".pw-unmeasured button", "Measure it");
    expect(host.commands).toEqual([sweep({ corruption: "gaussian_noise at S2" })]);
    const bundle = stored("synthetic_exploring");
    const key = "gaussian_noise at S2: ";
    bundle.header.settings.push({
      ...bundle.header.settings[0],
      key,
      corruption: "gaussian_noise at S2",
    });
    bundle.header.maps.push({ ...bundle.header.maps[0], key: `${key}heads` });
    view.update(read(bundle));
    expect(view.state.trail).toEqual([`${key}heads`]);
    expect(grids(view).length).toBe(1);
  });

  it("read another metric too, in a setting of its own", () => {
    pick(view.element.querySelector('[aria-label="read another metric too"]') as never, "kl_div");
    click(view, ".pw-unmeasured button", "Measure it");
    expect(host.commands).toEqual([sweep({ metrics: ["logit_diff", "prob", "kl_div"] })]);
    expect(view.state.trail).toEqual(["logit_diff + prob + kl_div: heads"]);
  });

  it("choose the form of the path maps that are opened next", () => {
    pick(select("paths"), "direct");
    click(view, ".pw-peak", "L20H0");
    press(first(), "v");
    expect(view.state).toMatchObject({ trail: ["heads", "L20H0.v (direct)"], form: "direct" });
    press(first(), "q");
    expect(host.commands).toMatchObject([{ receiver: "L20H0.q", form: "direct" }]);
  });

  it("cannot be chosen without a kernel where nothing was measured", () => {
    view = mount(new FakeHost(false), payload("synthetic_exploring"));
    const open = (label: string) =>
      [...select(label).options].filter(({ disabled }) => !disabled).map(({ value }) => value);
    expect(open("direction")).toEqual(["denoising", "noising"]);
    expect(open("corruption")).toEqual(["token_replacement at S2"]);
  });
});

describe("every setting", () => {
  const said = (label: string) => [...select(label).options].map(({ text }) => text);

  it("says whether the map that is looked at is here with it, or what it takes", () => {
    expect(said("direction")).toEqual(["denoising", "noising · ✓ here"]);
    expect(said("corruption")[1]).toBe("gaussian noise at S2 · not measured");
    expect(said("paths")).toEqual([
      "pinned · ✓ 2 maps here",
      "direct · ✓ 1 map here",
      "pinned all",
    ]);
    click(view, ".pw-tab", "Residual");
    const cost = "about 20 s";
    expect(said("direction")).toEqual(["denoising", `noising · ${cost} with the first settings`]);
    expect(said("corruption")[1]).toBe(`gaussian noise at S2 · ${cost} with the first settings`);
  });

  it("says what is being measured and what waits", () => {
    const bundle = stored("synthetic_exploring");
    const [, , , , noising] = bundle.header.maps;
    for (const [state, words] of [
      ["running", "being measured"],
      ["waiting", "waits"],
    ]) {
      noising.progress = { ...noising.progress, state };
      view = mount(host, read(bundle));
      expect(said("direction")).toEqual(["denoising", `noising · ${words}`]);
    }
  });
});

describe("the queue", () => {
  it("lists what waits, and takes it back", () => {
    const bundle = stored("synthetic_exploring");
    const { maps } = bundle.header;
    maps[1].progress = { ...maps[1].progress, state: "running" };
    maps[2].progress = { ...maps[2].progress, state: "waiting" };
    view = mount(host, read(bundle));
    expect(textOf(view, ".pw-queue")).toContain("L20H0.v (direct) waits");
    view.element.querySelector<HTMLButtonElement>(".pw-queue button")?.click();
    expect(host.commands).toEqual([{ command: "cancel", key: "L20H0.v (direct)" }]);
  });
});

describe("one cell, closely", () => {
  const look = async () => await new Promise((done) => setTimeout(done, 250));

  it("shows what is here of it: every pair, and what its head attends to", () => {
    view.choose({ selection: "L20H0" });
    expect(textOf(view, ".pw-effects-summary")).toContain("of 3 pairs");
    expect(textOf(view, ".pw-attention")).toContain("attends to");
    view.choose({ selection: "L29H0" });
    expect(view.element.querySelector(".pw-detail")).toHaveProperty("hidden", true);
  });

  it("is asked for once it is looked at, and not of every cell that is passed", async () => {
    view.choose({ selection: "" });
    press(first(), "ArrowDown");
    press(first(), "ArrowDown");
    press(first(), "ArrowRight");
    await look();
    expect(host.commands).toEqual([
      { command: "detail", map: "heads", node: view.state.selection, prompt: 0 },
    ]);
    expect(textOf(view, ".pw-detail")).toContain("asked for");
    view.update(payload("synthetic_exploring"));
    await look();
    expect(host.commands.length).toBe(1);
  });

  it("is asked for on another pair", async () => {
    view.choose({ selection: "L20H0" });
    await look();
    expect(host.commands).toEqual([]);
    view.choose({ prompt: 1 });
    await look();
    expect(host.commands).toEqual([{ command: "detail", map: "heads", node: "L20H0", prompt: 1 }]);
  });

  it("is not asked for without a kernel", async () => {
    const alone = new FakeHost(false);
    view = mount(alone, payload("synthetic_exploring"));
    view.choose({ selection: "L29H0" });
    await look();
    expect(alone.commands).toEqual([]);
  });
});

describe("all methods at once", () => {
  const compare = () => click(view, ".pw-compare", "Compare methods");
  const beside = () => view.element.querySelector(".pw-beside") as HTMLElement;

  it("are seen in the place of the maps, and a node is chosen there for all", () => {
    compare();
    expect(host.commands).toEqual([{ command: "compare", tab: "heads" }]);
    expect(view.element.querySelector(".pw-maps")).toHaveProperty("hidden", true);
    expect(beside().querySelectorAll('[role="grid"]').length).toBeGreaterThan(1);
    press(beside().querySelector('[role="grid"]') as Element, "ArrowDown");
    expect(view.state.selection).toMatch(/^L\d+H\d$/);
    compare();
    expect(beside().hidden).toBe(true);
    expect(view.element.querySelector(".pw-maps")).toHaveProperty("hidden", false);
  });

  it("wait for what was not compared yet", () => {
    const bundle = stored("synthetic_exploring");
    Object.assign(bundle.header, { compared: "", comparison: null });
    view = mount(host, read(bundle));
    compare();
    expect(beside().textContent).toContain("asked for");
    view.update(payload("synthetic_exploring"));
    expect(beside().querySelectorAll('[role="grid"]').length).toBeGreaterThan(1);
  });

  it("are not offered without a kernel where nobody compared them", () => {
    const alone = new FakeHost(false);
    const offered = () => view.element.querySelector<HTMLElement>(".pw-compare");
    view = mount(alone, payload("synthetic_exploring"));
    expect(offered()?.hidden).toBe(false);
    click(view, ".pw-tab", "Residual");
    expect(offered()?.hidden).toBe(true);
  });
});

describe("what a map takes", () => {
  const tab = {
    key: "heads",
    group: "Heads",
    label: "each whole",
    code: "",
    cost: "about 7 s",
    seconds: 7,
    elsewhere: [{ setting: "noising: ", cost: "about 9 s", seconds: 9 }],
  };

  it("is said of the setting it is of, and of the first where that was never opened", () => {
    expect(costOf(tab, "")).toEqual({ words: "about 7 s", seconds: 7 });
    expect(costOf(tab, "noising: ")).toEqual({ words: "about 9 s", seconds: 9 });
    const words = "about 7 s with the first settings";
    expect(costOf(tab, "gaussian_noise at S2: ")).toEqual({ words, seconds: 7 });
    expect(costOf({ ...tab, cost: "", seconds: null }, "x: ")).toEqual({ words: "", seconds: 0 });
    expect(costOf(undefined, "")).toEqual({ words: "", seconds: 0 });
  });
});
