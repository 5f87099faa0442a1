import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { pathAt } from "../src/core/path";
import { DEFAULTS } from "../src/core/preferences";
import { costOf } from "../src/core/settings";
import type { ExplorerView } from "../src/views/explorer";
import { click, FakeHost, grids, mount, payload, press, read, stored, textOf } from "./helpers";

/** Written by both sides alike: `tests/test_exploring.py` runs these calls. */
const COPIED: { pins: string[]; call: string }[] = JSON.parse(
  readFileSync(resolve(import.meta.dirname, "../../tests/fixtures/copied_circuits.json"), "utf8"),
);

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

  it("say of every choice in words whether it is here, or what it takes", () => {
    const said = (part: string) => [...which(part).options].map(({ text }) => text);
    expect(said("site")).toEqual(["outputs (z) · ✓ here", "values (v) · about 40 s"]);
    expect(said("positions")).toEqual(["all together · ✓ here", "each role · not measured"]);
    view = mount(new FakeHost(false), payload("synthetic_exploring"));
    expect(said("site")).toEqual(["outputs (z) · ✓ here", "values (v) · about 40 s"]);
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

describe("what takes longer than the reader likes", () => {
  const wanted = (confirmSeconds: number) => {
    const own = Object.assign(new FakeHost(), { preferences: { ...DEFAULTS, confirmSeconds } });
    view = mount(own, payload("synthetic_exploring"));
    return own;
  };
  /** Hears from the kernel that something takes two minutes. */
  const hear = (key: string) => {
    const bundle = stored("synthetic_exploring");
    bundle.header.doubts = [{ key, cost: "about 2 min", seconds: 120 }];
    view.update(read(bundle));
  };
  const said = () => textOf(view, ".pw-confirm span");
  const drill = (limit: number, more = {}) => ({
    command: "drill",
    receiver: "L20H0.q",
    sender: "",
    setting: "",
    form: "",
    limit,
    ...more,
  });
  const ask = (letter: string) => {
    click(view, ".pw-peak", "L20H0");
    press(first(), letter);
  };

  it("is a path map, which is measured once the reader insists", () => {
    ask("q");
    expect(host.commands).toEqual([drill(60)]);
    expect(said()).toBe("");
    hear("L20H0.q");
    expect(said()).toBe("what feeds L20H0.q? This takes about 2 min.");
    click(view, ".pw-confirm button", "Measure it all the same");
    expect(host.commands).toEqual([drill(60), drill(0)]);
    expect(view.element.querySelector(".pw-confirm")).toHaveProperty("hidden", true);
  });

  it("is a question where a node writes to, which can be left", () => {
    ask("w");
    hear("from L20H0");
    expect(said()).toBe("where does L20H0 write to? This takes about 2 min.");
    click(view, ".pw-confirm button", "Leave it");
    expect(said()).toBe("");
    expect(host.commands).toEqual([drill(60, { receiver: "", sender: "L20H0" })]);
    press(first(), "w");
    expect(said()).toBe("where does L20H0 write to? This takes about 2 min.");
    press(first(), "w");
    expect(host.commands.at(-1)).toEqual(drill(0, { receiver: "", sender: "L20H0" }));
  });

  it("is a circuit, and another one is asked for anew", () => {
    view.choose({ pins: ["L20H0", "L17H4"] });
    click(view, ".pw-pinned .pw-button", "Measure how much these 2 nodes carry");
    hear("circuit L20H0, L17H4");
    expect(said()).toBe("how much does the circuit carry? This takes about 2 min.");
    click(view, ".pw-confirm button", "Measure it all the same");
    expect(host.commands.map((one) => "limit" in one && one.limit)).toEqual([60, 0]);
    view.choose({ pins: ["L20H0"] });
    click(view, ".pw-pinned .pw-button", "Measure how much this node carries");
    expect(host.commands.at(-1)).toMatchObject({ nodes: ["L20H0"], limit: 60 });
  });

  it("is what the reader set", () => {
    const own = wanted(200);
    ask("q");
    hear("L20H0.q");
    expect(own.commands).toEqual([drill(200)]);
    expect(said()).toBe("");
  });

  it("is nothing where that is 0", () => {
    const own = wanted(0);
    ask("q");
    hear("L20H0.q");
    expect(own.commands).toEqual([drill(0)]);
    expect(said()).toBe("");
    click(view, ".pw-tab", "MLP");
    pick(which("layers"), "mlp, windows of 5");
    click(view, ".pw-unmeasured button", "Measure it (about 3 min)");
    expect(own.commands.at(-1)).toEqual(sweep({ tab: "mlp, windows of 5" }));
  });

  it("is a first map, too, which asks in its own place", () => {
    const own = wanted(10);
    click(view, ".pw-tab", "Residual");
    click(view, ".pw-unmeasured button", "Measure it (about 20 s)");
    expect(own.commands).toEqual([]);
    expect(said()).toBe("");
    click(view, ".pw-unmeasured button", "Measure it all the same: about 20 s");
    expect(own.commands).toEqual([sweep({ tab: "residual by role" })]);
  });

  it("is not known of every map, and that is said", () => {
    click(view, ".pw-tab", "MLP");
    expect(textOf(view, ".pw-unmeasured")).toContain("How long it takes is not known yet.");
    click(view, ".pw-tab", "Residual");
    expect(textOf(view, ".pw-unmeasured")).not.toContain("not known");
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
    expect(said("direction")).toEqual(["denoising · ✓ here", "noising · ✓ here"]);
    expect(said("corruption")[1]).toBe("gaussian noise at S2 · not measured");
    expect(said("paths")).toEqual([
      "pinned · ✓ 2 maps here",
      "direct · ✓ 1 map here",
      "pinned all",
    ]);
    click(view, ".pw-tab", "Residual");
    const cost = "about 20 s";
    expect(said("direction")).toEqual([
      `denoising · ${cost}`,
      `noising · ${cost} with the first settings`,
    ]);
    expect(said("corruption")[1]).toBe(`gaussian noise at S2 · ${cost} with the first settings`);
  });

  it("says what is being measured and what waits", () => {
    const bundle = stored("synthetic_exploring");
    const [heads, , , , noising] = bundle.header.maps;
    heads.progress = { ...heads.progress, state: "running" };
    noising.progress = { ...noising.progress, state: "waiting" };
    view = mount(host, read(bundle));
    expect(said("direction")).toEqual(["denoising · being measured", "noising · waits"]);
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

describe("the pinned circuit", () => {
  const measured = () =>
    payload("synthetic_exploring")
      .header.circuit?.nodes.map(({ name }) => name)
      .filter((name) => name !== "logits");

  it("is what was measured last, for readers who have pinned nothing", () => {
    const paths = payload("synthetic_exploring").header.circuit?.edges.map(({ path }) => path);
    expect(view.state.pins).toEqual([...(measured() ?? []), ...(paths ?? [])]);
    expect(textOf(view, ".pw-circuit-lead")).toContain("of the behaviour");
  });

  it("is not measured yet where other nodes are pinned, and can be", () => {
    view.choose({ pins: ["L20H0", "L17H4"] });
    expect(textOf(view, ".pw-circuit-words")).toBe("How much it carries is not measured.");
    click(view, ".pw-pinned .pw-button", "Measure how much these 2 nodes carry");
    expect(host.commands).toContainEqual({
      command: "circuit",
      nodes: ["L20H0", "L17H4"],
      paths: [],
      setting: "",
      limit: 60,
    });
  });

  it("can be stopped while it is measured, and measured again", () => {
    const bundle = stored("synthetic_exploring");
    const progress = { ...bundle.header.circuit.progress, state: "running" };
    bundle.header.circuit.progress = progress;
    view = mount(host, read(bundle));
    click(view, ".pw-pinned .pw-button", "Cancel");
    expect(host.commands).toEqual([{ command: "cancel", key: "circuit" }]);
    progress.state = "cancelled";
    view.update(read(bundle));
    const shown = [...view.element.querySelectorAll<HTMLElement>(".pw-pinned > .pw-button")];
    expect(shown.map(({ hidden }) => hidden)).toEqual([false, true]);
  });

  it("draws the paths between its nodes that were measured", () => {
    view.choose({ pins: ["L20H0", "L17H4"] });
    const graph = textOf(view, ".pw-pinned");
    expect(graph).toContain("L20H0");
    expect(graph).toContain("L17H4");
    expect(graph.split("L17H4 to the value of L20H0: normalized effect +0.20").length).toBe(2);
    expect(graph).toContain("normalized effect +0.20, not pinned");
    expect(graph).toContain("pale: measured, not pinned");
  });
});

describe("a path that is pinned", () => {
  const into = () => grids(view)[1] as HTMLElement;
  const graph = () => textOf(view, ".pw-pinned");
  const line = "L17H4 to the value of L20H0: normalized effect +0.20";
  const open = () => {
    const bundle = stored("synthetic_exploring");
    bundle.header.circuit = null;
    view = mount(host, read(bundle));
    click(view, ".pw-peak", "L20H0");
    press(first(), "v");
    click(view, ".pw-peak", "L17H4");
  };

  it("comes with the nodes at its ends, and leaves with them", () => {
    open();
    press(into(), "p");
    expect(view.state.pins).toEqual(["L17H4", "L20H0", "L17H4 -> L20H0.v"]);
    expect(graph()).toContain(line);
    expect(graph()).not.toContain("not pinned");
    click(view, ".pw-pin", "Take this path from the circuit");
    expect(view.state.pins).toEqual([]);
    expect(host.states.filter((state) => "pins" in state)).toEqual([
      { pins: ["L17H4", "L20H0", "L17H4 -> L20H0.v"] },
      { pins: [] },
    ]);
  });

  it("leaves the nodes that were pinned before it", () => {
    open();
    view.choose({ pins: ["L20H1"] });
    click(view, ".pw-pin", "Pin this path into the circuit");
    expect(view.state.pins).toEqual(["L20H1", "L17H4", "L17H4 -> L20H0.v"]);
    press(into(), "p");
    expect(view.state.pins).toEqual(["L20H1"]);
  });

  it("goes with a node at its end", () => {
    open();
    press(into(), "p");
    click(view, ".pw-tab", "Heads");
    press(first(), "p");
    expect(view.state.pins).toEqual(["L17H4"]);
  });

  it("is a line of unknown size where it was not measured", () => {
    open();
    view.choose({ pins: ["L17H4", "L23H3", "L17H4 -> L23H3.q"] });
    expect(graph()).toContain("L17H4 to the query of L23H3: not measured");
  });

  it("is measured and copied with the circuit", () => {
    open();
    press(into(), "p");
    click(view, ".pw-pinned .pw-button", "Measure how much these 2 nodes carry");
    expect(host.commands).toContainEqual({
      command: "circuit",
      nodes: ["L17H4", "L20H0"],
      paths: ["L17H4 -> L20H0.v"],
      setting: "",
      limit: 60,
    });
    expect(view.code.split("\n").at(-1)).toBe(
      "circuit = study.circuit(['L17H4', 'L20H0'], paths=['L17H4 -> L20H0.v'], order=result)",
    );
  });

  it("is one that a map of a sender shows, too, and none where an end can be no node", () => {
    expect(pathAt("from L17H4", "L20H0.v", 3)).toBe("L17H4 -> L20H0.v");
    expect(pathAt("logits (direct)", "L8.mlp_out", 3)).toBe("L8.mlp_out -> logits");
    expect(pathAt("L20H0.v", "embed", 3)).toBe("embed -> L20H0.v");
    expect(pathAt("heads", "L17H4", 3)).toBe("");
    expect(pathAt("L9.resid_post", "L5H1", 3)).toBe("");
    expect(pathAt("L20H0.v", "L5.attn_out", 3)).toBe("");
  });
});

describe("the code of what is looked at", () => {
  it("measures the study, the open maps and the circuit again", async () => {
    let copied = "";
    const keep = async (text: string) => {
      copied = text;
    };
    Object.defineProperty(navigator, "clipboard", {
      configurable: true,
      value: { writeText: (text: string) => keep(text) },
    });
    click(view, ".pw-peak", "L20H0");
    press(first(), "p");
    press(first(), "v");
    click(view, ".pw-button", "Copy as Python");
    await Promise.resolve();
    expect(copied.split("\n")).toEqual([
      "study = pw.Study(model, 'ioi', direction='denoising')",
      "result = study.sweep('heads')",
      "paths = study.path(receivers=['L20H0.v'])",
      "circuit = study.circuit(['L23H3', 'L17H4', 'L29H0'], " +
        "paths=['L29H0 -> logits', 'L17H4 -> L23H3.q'], order=result)",
    ]);
  });

  const last = () => view.code.split("\n").at(-1);

  it.each(COPIED)("asks for $pins as the explorer does", ({ pins, call }) => {
    view.choose({ pins });
    expect(last()).toBe(`circuit = ${call}`);
  });

  it("gives no order that is not known yet, and finds one that is not the first map", () => {
    const bundle = stored("synthetic_exploring");
    bundle.header.maps[0].progress = { ...bundle.header.maps[0].progress, state: "running" };
    view = mount(host, read(bundle));
    view.choose({ pins: ["L1H1"] });
    expect(last()).toBe("circuit = study.circuit(['L1H1'])");
    view = mount(host, payload("synthetic_exploring"));
    click(view, ".pw-tab", "MLP");
    view.choose({ pins: ["L1H1"] });
    expect(last()).toBe("circuit = study.circuit(['L1H1'], order=study.sweep('heads'))");
  });

  it("is the call that measured the circuit, where that was this study's", () => {
    const bundle = stored("synthetic_exploring");
    const study = "study = pw.Study(model, 'ioi', direction='denoising')";
    const call = (order: string) => `circuit = study.circuit(['L20H0'], random=3, order=${order})`;
    const { circuit } = bundle.header;
    circuit.code = `${study}\n${call("study.sweep('heads')")}`;
    view = mount(host, read(bundle));
    expect(last()).toBe(call("result"));
    circuit.code = `another\n${call("study.sweep('heads')")}`;
    view = mount(host, read(bundle));
    expect(last()).not.toContain("random=3");
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
