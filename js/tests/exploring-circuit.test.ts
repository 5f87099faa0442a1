import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { pathAt } from "../src/core/path";
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

  it("is of the corruption it was measured under, in either direction", () => {
    const select = (label: string, value: string) => {
      const control = [...view.element.querySelectorAll(".pw-setting")]
        .find((one) => one.textContent?.startsWith(label))
        ?.querySelector("select") as HTMLSelectElement;
      control.value = value;
      control.dispatchEvent(new Event("change"));
    };
    const copied = () => view.code.split("\n").at(-1);
    select("direction", "noising");
    expect(textOf(view, ".pw-circuit-lead")).toContain("of the behaviour");
    const bundle = stored("synthetic_exploring");
    const [own] = bundle.header.settings;
    const other = { ...own, key: "gaussian_noise at S2: ", corruption: "gaussian_noise at S2" };
    bundle.header.settings.push(other);
    const call = "study.circuit(['L23H3'], random=3)";
    bundle.header.circuit.code = `${own.code.split("\nresult")[0]}\ncircuit = ${call}`;
    bundle.header.circuit.edges = [];
    view = mount(host, read(bundle));
    expect(copied()).toBe(`circuit = ${call}`);
    select("corruption", other.corruption);
    expect(textOf(view, ".pw-circuit-words")).toBe("How much it carries is not measured.");
    expect(copied()).not.toContain("random=3");
    bundle.header.circuit_setting = other.key;
    view.update(read(bundle));
    expect(textOf(view, ".pw-circuit-lead")).toContain("of the behaviour");
    bundle.header.circuit_setting = null;
    view = mount(host, read(bundle));
    select("corruption", other.corruption);
    expect(textOf(view, ".pw-circuit-lead")).toContain("of the behaviour");
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
