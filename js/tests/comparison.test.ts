import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type ComparisonPayload, Sign, signOf, signsOn } from "../src/core/comparison";
import { readBundle, sentence } from "../src/core/payload";
import { ComparisonView } from "../src/views/comparison";
import { isShared, limitsOf } from "../src/views/shared-scale";
import { bytesOf, FakeHost, press, type Stored, stored } from "./helpers";

function read(bundle: Stored): ComparisonPayload {
  return readBundle(bundle) as ComparisonPayload;
}

function compared(name = "synthetic_comparison"): ComparisonPayload {
  return read(stored(name));
}

let host: FakeHost;
let view: ComparisonView;

function mounted(payload = compared()): ComparisonView {
  document.body.replaceChildren();
  host = new FakeHost();
  return new ComparisonView(document.body, payload, host);
}

beforeEach(() => {
  view = mounted();
});
afterEach(() => view.destroy());

const all = (selector: string) => [...view.element.querySelectorAll<HTMLElement>(selector)];
const one = (selector: string) => all(selector)[0] as HTMLElement;
const maps = () => all(".pw-grid");
const spoken = () => all('[role="status"]').pop()?.textContent;
const said = () => maps().map((map) => map.querySelector('[role="gridcell"]')?.textContent);
const heads = () => all(".pw-detections thead th").map((head) => head.dataset.value);
const ways = () => all(".pw-detections tbody th").map((head) => head.dataset.value);
const cell = (key: string) => one(`.pw-detections [data-key="${key}"]`);

describe("a comparison from Python", () => {
  it("has a map for every method, and what each detects", () => {
    const { ways: methods, findings, correlations } = compared();
    expect(methods.map(({ label }) => label)).toContain("gaussian noise k=3 at S2 · Probability");
    expect(findings.map(({ rule }) => rule)).toEqual(["sd", "mad", "max_t", "bh"]);
    const [found] = findings;
    if (!found || !methods[0]) throw new Error("no findings");
    expect([0, 1, 3].map((way) => signOf(found, way, "L24H4"))).toEqual([
      Sign.negative,
      Sign.none,
      Sign.positive,
    ]);
    expect(signOf(found, 0, "L0H0")).toBe(Sign.none);
    const { chart } = methods[0];
    const signs = signsOn(found, 0, chart);
    expect(signs[chart.cellOf("L29H0")]).toBe(Sign.negative);
    expect(signs.filter(Boolean).length).toBe(7);
    expect(correlations?.values[0]).toBe(1);
  });

  it.each<[string, (header: Stored["header"]) => void]>([
    ["methods is empty", (header) => header.methods.splice(1)],
    ["has no map", (header) => Object.assign(header.methods[0], { map: 9 })],
    ["has no map", (header) => Object.assign(header.methods[0], { metric: 9 })],
    ["findings[0].rule", (header) => Object.assign(header.findings[0], { rule: "?" })],
    ["uint8 6 x 7", (header) => header.findings[0].nodes.pop()],
  ])("is refused where %s", (fault, damage) => {
    const bundle = stored("synthetic_comparison");
    damage(bundle.header);
    let found = "drawn";
    try {
      read(bundle);
    } catch (error) {
      found = sentence(error);
    }
    expect(found).toContain(fault);
  });

  it("is told from an explorer, also from one before version 3", () => {
    const old = stored();
    expect(old.header.view).toBe("explorer");
    delete old.header.view;
    expect(read({ ...old, schema_version: 2 }).header.maps.length).toBe(3);
    expect(bytesOf(old).length).toBeGreaterThan(0);
  });
});

describe("colour scales", () => {
  it("are shared within a metric, over all, or by none", () => {
    const { ways: methods } = compared();
    const [first, , , fourth] = limitsOf(methods, "metric");
    expect(first).toBe(fourth);
    expect(new Set(limitsOf(methods, "metric")).size).toBe(3);
    expect(new Set(limitsOf(methods, "all")).size).toBe(1);
    expect(new Set(limitsOf(methods, "each")).size).toBe(6);
    expect(limitsOf(methods, "each")[0]).toBe(first);
  });

  it("leave out what is not normalized", () => {
    const bundle = stored("synthetic_comparison");
    bundle.header.maps[0].metrics[1].normalized = false;
    const { ways: methods } = read(bundle);
    const limits = limitsOf(methods, "all");
    expect(new Set(limits).size).toBe(2);
    expect(methods.map((way) => isShared(way, "all")).indexOf(false)).toBe(1);
    expect(limits[1]).not.toBe(limits[0]);
  });

  it("are named below every map, and chosen by a switch", () => {
    expect(one(".pw-scale-words").textContent).toContain(
      "normalized effect · one scale per metric",
    );
    one(".pw-switch button:nth-child(3)").click();
    expect(one(".pw-scale-words").textContent).toContain("this map's own scale");
    expect(host.states).toEqual([{ scale: "each" }]);
    view.choose({ scale: "all" });
    expect(one('.pw-switch [aria-pressed="true"]').textContent).toBe("all maps");
  });
});

describe("one node in all maps", () => {
  it("is selected by the keyboard on any map", () => {
    press(maps()[4] as Element, "ArrowDown");
    expect(view.state.selection).toBe("L20H0");
    expect(host.states).toEqual([{ selection: "L20H0" }]);
    expect(said().every((text) => text?.startsWith("L20H0, "))).toBe(true);
    expect(said()[1]).toBe(
      "L20H0, token replacement at S2 · Probability +0.41, detected as positive",
    );
    expect(spoken()).toMatch(/^L20H0: token replacement at S2 · Logit difference \+0.51, detected/);
    expect(cell("rows L20H0").classList.contains("pw-chosen")).toBe(true);
    expect(one(".pw-node-panel").textContent).toContain("positive by 6 of 6 methods");
  });

  it("has one stop for the Tab key on every map", () => {
    for (const map of maps()) expect(map.querySelectorAll('[tabindex="0"]').length).toBe(0);
    expect(maps().every((map) => map.tabIndex === 0)).toBe(true);
    expect(all(".pw-detections [tabindex='0']").length).toBe(1);
  });

  it("is shown in all methods where the pointer is", () => {
    press(maps()[0] as Element, "ArrowDown");
    expect(one(".pw-node-tip").hidden).toBe(false);
    expect(one(".pw-node-tip").textContent).toContain("+0.41");
    expect(cell("rows L20H0").classList.contains("pw-pointed")).toBe(true);
    press(maps()[0] as Element, "Escape");
    expect(one(".pw-node-tip").hidden).toBe(true);
  });

  it("comes from the table, the flips, and the other side", () => {
    cell("1 L29H0").click();
    expect(view.state.selection).toBe("L29H0");
    one('.pw-chip[data-node="L24H4"]').click();
    expect(view.state.selection).toBe("L24H4");
    expect(one('.pw-chip[data-node="L24H4"]').getAttribute("aria-pressed")).toBe("true");
    view.choose({ selection: "L17H4" });
    expect(said()[0]).toContain("L17H4");
    expect(host.states).toEqual([{ selection: "L29H0" }, { selection: "L24H4" }]);
    view.choose({ selection: "L99H9" });
    expect(view.state.selection).toBe("L17H4");
    view.choose({ selection: "" });
    expect(said()).toEqual(["", "", "", "", "", ""]);
  });

  it("is not in every map", () => {
    const bundle = stored("synthetic_comparison");
    bundle.header.maps[1].names = { "180": "L20H0@3" };
    view = mounted(read(bundle));
    press(maps()[0] as Element, "ArrowDown");
    expect(spoken()).toContain("gaussian noise k=3 at S2 · Logit difference not in this map");
  });
});

describe("who detects what", () => {
  it("says it in signs", () => {
    expect(heads()).toEqual([
      "",
      ..."17H4 19H2 20H0 23H3 29H1 24H4 29H0 23H0".split(" ").map((n) => `L${n}`),
    ]);
    const texts = (way: number) =>
      ["L17H4", "L24H4", "L23H0"].map((n) => cell(`${way} ${n}`).textContent);
    expect(texts(0)).toEqual(["+", "−", ""]);
    expect(texts(3)).toEqual(["+", "+", "+"]);
  });

  it("is ordered by a node, both ways and back", () => {
    cell("rows L24H4").click();
    expect(ways()).toEqual(["3", "4", "5", "1", "0", "2"]);
    expect(cell("rows L24H4").getAttribute("aria-sort")).toBe("descending");
    press(cell("rows L24H4"), "Enter");
    expect(ways()).toEqual(["0", "2", "1", "3", "4", "5"]);
    expect(cell("rows L24H4").getAttribute("aria-sort")).toBe("ascending");
    press(cell("rows L24H4"), " ");
    expect(ways()).toEqual(["0", "1", "2", "3", "4", "5"]);
    expect(cell("rows L24H4").getAttribute("aria-sort")).toBe("none");
  });

  it("is ordered by a method, and by the names of the methods", () => {
    press(cell("columns 0"), "Enter");
    expect(heads().slice(-3)).toEqual(["L23H0", "L24H4", "L29H0"]);
    press(cell("columns 0"), "Enter");
    expect(heads().slice(1, 4)).toEqual(["L24H4", "L29H0", "L23H0"]);
    press(cell("rows "), "Enter");
    expect(ways()).toEqual(["5", "3", "4", "2", "0", "1"]);
  });

  it("keeps what is in no map last in both orders", () => {
    const payload = compared();
    const { signs, nodes } = payload.findings[0] as ComparisonPayload["findings"][0];
    signs[nodes.indexOf("L24H4")] = Sign.outside;
    view = mounted(payload);
    cell("rows L24H4").click();
    expect(ways().at(-1)).toBe("0");
    cell("rows L24H4").click();
    expect(ways().at(-1)).toBe("0");
    expect(cell("0 L24H4").textContent).toBe("n/a");
  });

  it("keeps the keyboard on the header that was pressed", () => {
    const first = cell("rows ");
    first.focus();
    press(first, "ArrowRight");
    press(document.activeElement as Element, "End");
    expect((document.activeElement as HTMLElement).dataset.value).toBe("L23H0");
    press(document.activeElement as Element, "Enter");
    expect((document.activeElement as HTMLElement).dataset.value).toBe("L23H0");
    press(document.activeElement as Element, "ArrowDown");
    press(document.activeElement as Element, "Enter");
    expect(view.state.selection).toBe("L23H0");
    press(document.activeElement as Element, "Home", { ctrlKey: true });
    expect(document.activeElement).toBe(cell("rows "));
  });

  it("follows the rule", () => {
    view.choose({ rule: "mad" });
    expect(heads().length).toBe(28);
    expect(one(".pw-compared .pw-small-note").textContent).toContain("robust spreads");
  });

  it("offers rules that test, and says why they say nothing of four pairs", () => {
    const rules = () =>
      all('[aria-label="detected by"] button')
        .filter((choice) => !choice.hidden)
        .map(({ textContent }) => textContent);
    expect(rules()).toEqual(["2 SD", "robust", "max-T", "FDR"]);
    all('[aria-label="detected by"] button')[2]?.click();
    expect(view.state.rule).toBe("max_t");
    expect(one(".pw-compared p").textContent).toContain("With 4 prompt pairs the smallest p");
    const bundle = stored("synthetic_comparison");
    bundle.header.findings.splice(2);
    view = mounted(read(bundle));
    expect(rules()).toEqual(["2 SD", "robust"]);
  });

  it("says why a rule finds nothing", () => {
    const bundle = stored("synthetic_comparison");
    const [found] = bundle.header.findings;
    Object.assign(found, { message: "No spread.", nodes: [], flips: [] });
    found.signs.shape = [6, 0];
    view = mounted(read(bundle));
    expect(one(".pw-compared p").textContent).toBe("No spread.");
    expect(one(".pw-detections").closest(".pw-scroll")).toHaveProperty("hidden", true);
  });
});

describe("measuring", () => {
  beforeEach(() => {
    view = mounted(compared("synthetic_comparing"));
  });

  it("has no statistics before all maps are measured, and says so", () => {
    expect(one(".pw-compared p").textContent).toContain("1 of 2 maps is measured");
    expect(one(".pw-compared > div:last-child").hidden).toBe(true);
    const words = all(".pw-scale-words").map(({ textContent }) => textContent);
    expect(words.map((text) => text?.includes("hatched: not measured"))).toEqual([
      ...[false, false, false],
      ...[true, true, true],
    ]);
    expect(one(".pw-progress-text").textContent).toBe("measuring 383 of 540 · 4 s left");
    press(maps()[3] as Element, "ArrowDown");
    expect(one(".pw-node-panel").textContent).not.toContain("detected");
  });

  it("stops all maps that are still measured", () => {
    press(maps()[0] as Element, "Escape");
    expect(host.commands).toEqual([{ command: "cancel", key: "gaussian noise k=3 at S2" }]);
  });

  it("goes on in place: focus and selection stay", () => {
    const map = maps()[1] as HTMLElement;
    map.focus();
    press(map, "ArrowDown");
    view.update(compared());
    expect(document.activeElement).toBe(map);
    expect(view.state.selection).toBe("L20H0");
    expect(one(".pw-compared p").hidden).toBe(true);
    expect(heads().length).toBe(9);
  });
});

it("keeps hostile text as text", () => {
  const hostile = '<img src=x onerror="globalThis.harmed = true">';
  const bundle = stored("synthetic_comparison");
  const { header } = bundle;
  Object.assign(header, { title: hostile, missing: hostile });
  header.methods[0].label = hostile;
  header.maps[0].title = hostile;
  header.maps[0].metrics[0].label = hostile;
  header.findings[0].nodes[0] = hostile;
  header.findings[0].flips[0].node = hostile;
  view = mounted(read(bundle));
  press(maps()[0] as Element, "ArrowDown");
  expect(view.element.querySelectorAll("img, script").length).toBe(0);
  expect(one(".pw-title").textContent).toBe(hostile);
});
