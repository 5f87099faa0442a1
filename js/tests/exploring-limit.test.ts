import { beforeEach, describe, expect, it } from "vitest";
import { DEFAULTS } from "../src/core/preferences";
import type { ExplorerView } from "../src/views/explorer";
import { click, FakeHost, grids, mount, payload, press, read, stored, textOf } from "./helpers";

let host: FakeHost;
let view: ExplorerView;

beforeEach(() => {
  host = new FakeHost();
  view = mount(host, payload("synthetic_exploring"));
});

const first = () => grids(view)[0] as HTMLElement;
const pick = (control: HTMLSelectElement, value: string) => {
  control.value = value;
  control.dispatchEvent(new Event("change"));
};
const which = (part: string) =>
  view.element.querySelector(`[data-part="${part}"]`) as HTMLSelectElement;
const sweep = (more = {}) => ({
  command: "sweep",
  tab: "heads",
  direction: "denoising",
  corruption: "token_replacement at S2",
  metrics: ["logit_diff", "prob"],
  now: false,
  ...more,
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
