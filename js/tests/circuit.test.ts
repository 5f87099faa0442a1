import { describe, expect, it, vi } from "vitest";
import { type CircuitPayload, type Pin, pinnedCircuit } from "../src/core/circuit";
import { paletteFor } from "../src/core/color";
import { readBundle } from "../src/core/payload";
import type { Circuit } from "../src/generated/views";
import { CircuitView } from "../src/views/circuit";
import { layout } from "../src/views/circuit-layout";
import { CircuitPage } from "../src/views/circuit-page";
import { pictureOf, type SvgSheet } from "../src/views/picture-save";
import { FakeHost, press, stored } from "./helpers";

const THEME = {
  palette: paletteFor([255, 255, 255]),
  text: "#000",
  muted: "#666",
  accent: "#00f",
  font: "sans-serif",
};

function header(name = "synthetic_circuit"): Circuit {
  return (readBundle(stored(name)) as CircuitPayload).header;
}

it("draws the logits where a damaged output calls them otherwise", () => {
  const circuit = header();
  const logits = circuit.nodes.find(({ kind }) => kind === "logits");
  if (logits) logits.name = "renamed";
  const { view } = embedded(circuit);
  expect(nodes(view.element).map(({ dataset }) => dataset.node)).toContain("logits");
});

function page(host = new FakeHost(), name = "synthetic_circuit"): CircuitPage {
  document.body.replaceChildren();
  return new CircuitPage(document.body, { header: header(name) }, host);
}

/** A view in an explorer, and what it has told of. */
function embedded(circuit: Circuit, selected = "", width = 640) {
  const told: string[] = [];
  const view = new CircuitView({
    select: (node) => told.push(`select ${node}`),
    remove: (node) => told.push(`remove ${node}`),
  });
  document.body.replaceChildren(view.element);
  view.update({ circuit, selected, theme: THEME, width });
  return { view, told };
}

function nodes(element: Element): SVGGElement[] {
  return [...element.querySelectorAll<SVGGElement>("[data-node]")];
}

function node(element: Element, name: string): SVGGElement {
  return nodes(element).find((one) => one.dataset.node === name) as SVGGElement;
}

/** Pins in any place, from a fixed sequence. */
function randomPins(count: number): { pins: Pin[]; paths: Pin[] } {
  let state = count;
  const next = (below: number) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor((state / 2147483648) * below);
  };
  const pins = new Map<string, Pin>();
  while (pins.size < count) {
    const layer = next(30);
    const name = next(6) ? `L${layer}H${next(9)}${next(5) ? "" : "@END"}` : `L${layer}.mlp_out`;
    pins.set(name, { name, effect: next(2) ? next(100) / 100 - 0.5 : null });
  }
  const heads = [...pins.keys()].filter((name) => /^L\d+H\d+$/.test(name));
  const layerOf = (name: string) => Number(/\d+/.exec(name)?.[0]);
  const paths: Pin[] = [];
  for (let i = 0; i < count && heads.length; i++) {
    const [from, to] = [heads[next(heads.length)] as string, heads[next(heads.length)] as string];
    const name = `${from} -> ${to}.${"qkv"[next(3)]}`;
    if (layerOf(from) < layerOf(to)) paths.push({ name, effect: next(100) / 100 - 0.5 });
  }
  return { pins: [...pins.values()], paths };
}

describe("the layout", () => {
  it.each([2, 5, 12, 17, 25, 40])("of %i nodes has no boxes that overlap", (count) => {
    for (const width of [280, 420, 700]) {
      const { pins, paths } = randomPins(count);
      const circuit = pinnedCircuit(pins, paths, 3, "normalized effect");
      const links = circuit.edges.map((edge) => ({ ...edge, edge }));
      const placed = layout(circuit.nodes, links, width);
      expect(placed.nodes.length).toBe(circuit.nodes.length);
      for (const [index, one] of placed.nodes.entries()) {
        expect(one.x).toBeGreaterThanOrEqual(0);
        expect(one.x + one.width).toBeLessThanOrEqual(placed.width);
        expect(one.y + one.height).toBeLessThanOrEqual(placed.height);
        for (const other of placed.nodes.slice(index + 1)) {
          const apart =
            one.x + one.width <= other.x ||
            other.x + other.width <= one.x ||
            one.y + one.height <= other.y ||
            other.y + other.height <= one.y;
          expect(apart, `${one.node.name} and ${other.node.name}`).toBe(true);
        }
      }
      expect(placed.width).toBeLessThanOrEqual(width + 60);
    }
  });

  it("has inputs low and logits high, and MLPs above the heads of their layer", () => {
    const pins = ["L3H1", "L3.mlp_out", "L9H0"].map((name) => ({ name, effect: 0.1 }));
    const paths = ["embed -> L3H1.q", "L9H0 -> logits"].map((name) => ({ name, effect: null }));
    const circuit = pinnedCircuit(pins, paths, 1, "normalized effect");
    const placed = layout(
      circuit.nodes,
      circuit.edges.map((edge) => ({ ...edge, edge })),
      600,
    );
    const order = [...placed.nodes].sort((a, b) => b.y - a.y).map((one) => one.node.name);
    expect(order).toEqual(["embed", "L3H1", "L3.mlp_out", "L9H0", "logits"]);
  });

  it("draws no line through a node", () => {
    for (const count of [6, 14, 30]) {
      const { pins, paths } = randomPins(count);
      const circuit = pinnedCircuit(pins, paths, 1, "normalized effect");
      const links = circuit.edges.map((edge) => ({ ...edge, edge }));
      const placed = layout(circuit.nodes, links, 700);
      for (const { points } of placed.edges) {
        for (const [index, [x, y]] of points.slice(1, -1).entries()) {
          const through = placed.nodes.find(
            (one) => x > one.x && x < one.x + one.width && y >= one.y && y <= one.y + one.height,
          );
          expect(through?.node.name, `point ${index}`).toBeUndefined();
        }
      }
    }
  });
});

describe("what was pinned", () => {
  it("is the same circuit in both languages", () => {
    const pins = ["L9H6", "L9.mlp_out", "L5H1@S2"].map((name) => ({ name, effect: null }));
    const paths = [{ name: "embed -> L9H6.q", effect: null }];
    expect(pinnedCircuit(pins, paths, 1, "normalized effect")).toEqual(header("synthetic_pins"));
  });

  it("lets a shared key or value enter every head that reads it", () => {
    const pins = ["L20H0", "L23H3", "L23H5"].map((name) => ({ name, effect: 0.2 }));
    const paths = [{ name: "L20H0 -> L23H1.v", effect: 0.3 }];
    const { edges } = pinnedCircuit(pins, paths, 3, "normalized effect");
    expect(edges.map(({ sender, receiver, input }) => [sender, receiver, input])).toEqual([
      ["L20H0", "L23H3", "v"],
      ["L20H0", "L23H5", "v"],
    ]);
  });

  it("is drawn before anything is measured, and says so", () => {
    const { view } = embedded(header("synthetic_pins"));
    expect(nodes(view.element).map((one) => one.dataset.node)).toContain("L5H1@S2");
    expect(view.element.textContent).toContain("How much it carries is not measured.");
  });

  it("may be nothing", () => {
    const { view } = embedded(pinnedCircuit([], [], 1, ""));
    expect(nodes(view.element)).toEqual([]);
    expect(view.element.textContent).toContain("Nothing is pinned yet.");
  });
});

describe("the graph", () => {
  it("tells the sign by more than colour", () => {
    const { view } = embedded(header());
    const lines = [...view.element.querySelectorAll<SVGPathElement>(".pw-graph-line")];
    const negative = lines.filter((line) => line.dataset.sign === "negative");
    expect(negative.length).toBeGreaterThan(0);
    for (const line of lines) {
      const dashes = line.getAttribute("stroke-dasharray");
      const whole = line.classList.contains("pw-graph-whole");
      if (!whole) expect(dashes !== null).toBe(line.dataset.sign === "negative");
    }
    expect(node(view.element, "L29H0").textContent).toContain("−0.15");
  });

  it("says every node and every path in words", () => {
    const { view } = embedded(header());
    expect(node(view.element, "L23H3").getAttribute("aria-label")).toBe(
      "L23H3 +0.40, normalized effect, attention head, layer 23",
    );
    const said = [...view.element.querySelectorAll(".pw-graph li")].map((one) => one.textContent);
    expect(said).toEqual([
      "L17H4 to the key of L20H0: normalized effect +0.20",
      "L20H0 to the value of L23H3: normalized effect +0.30",
      "L29H0 to logits: normalized effect −0.16",
      "L17H4 to the query of L23H3: not measured",
    ]);
  });

  it("is one stop for the Tab key, and arrows move over it", () => {
    const { view } = embedded(header());
    const stops = () => nodes(view.element).filter((one) => one.getAttribute("tabindex") === "0");
    expect(stops().length).toBe(1);
    node(view.element, "L17H4").focus();
    press(document.activeElement as Element, "ArrowUp");
    expect((document.activeElement as SVGGElement).dataset.node).toBe("L20H0");
    press(document.activeElement as Element, "ArrowUp");
    expect((document.activeElement as SVGGElement).dataset.node).toBe("L23H3");
    press(document.activeElement as Element, "Home");
    expect((document.activeElement as SVGGElement).dataset.node).toBe("logits");
    press(document.activeElement as Element, "End");
    expect((document.activeElement as SVGGElement).dataset.node).toBe("L17H4");
    expect(stops().map((one) => one.dataset.node)).toEqual(["L17H4"]);
  });

  it("selects with Enter and a click, removes with Delete and a button", () => {
    const { view, told } = embedded(header(), "L20H0");
    node(view.element, "L17H4").focus();
    press(document.activeElement as Element, "Enter");
    node(view.element, "L23H3").dispatchEvent(new MouseEvent("click", { bubbles: true }));
    press(document.activeElement as Element, "Delete");
    view.element.querySelector<HTMLButtonElement>(".pw-circuit-chosen button")?.click();
    expect(told).toEqual(["select L17H4", "select L23H3", "remove L17H4", "remove L20H0"]);
    expect(node(view.element, "L20H0").getAttribute("aria-pressed")).toBe("true");
  });

  it("keeps the keyboard near a node that is gone", () => {
    const all = header();
    const { view } = embedded(all);
    node(view.element, "L20H0").focus();
    const fewer = { ...all, nodes: all.nodes.filter(({ name }) => name !== "L20H0") };
    view.update({ circuit: fewer, selected: "", theme: THEME, width: 640 });
    expect(view.element.contains(document.activeElement)).toBe(true);
    expect((document.activeElement as SVGGElement).dataset.node).toBe("L17H4");
  });

  it("leaves out paths whose ends are not drawn", () => {
    const all = header();
    const fewer = { ...all, nodes: all.nodes.slice(0, 1) };
    const { view } = embedded(fewer);
    expect(view.element.querySelectorAll(".pw-graph-line:not(.pw-graph-whole)").length).toBe(0);
  });

  it("draws hostile names as text", () => {
    const name = "<img src=x onerror=alert(1)>";
    const all = header();
    const hostile = { ...all, nodes: [{ ...all.nodes[0], name, label: name }], edges: [] };
    const { view } = embedded(hostile as Circuit);
    expect(view.element.querySelector("img")).toBeNull();
    expect(view.element.textContent).toContain(name);
  });
});

describe("the numbers", () => {
  it("are said in words, with the curve and its table", () => {
    const { element } = page();
    const words = header().metrics[0]?.words as string[];
    const said = element.textContent?.replaceAll("\u00a0", " ");
    for (const sentence of words) expect(said).toContain(sentence);
    expect(element.querySelectorAll(".pw-curve-random").length).toBe(20);
    const rows = element.querySelectorAll(".pw-curve table tr");
    expect(rows.length).toBe((header().metrics[0]?.curve.length ?? 0) + 1);
  });

  it("are those of the chosen metric", () => {
    const host = new FakeHost();
    const view = page(host);
    const [, second] = view.element.querySelectorAll<HTMLButtonElement>(".pw-metric");
    second?.click();
    expect(host.states).toEqual([{ metric: "prob" }]);
    expect(view.state).toEqual({ selection: "", metric: "prob" });
    const said = view.element.textContent?.replaceAll("\u00a0", " ");
    expect(said).toContain(header().metrics[1]?.words[0] as string);
  });

  it("are not there before they are measured", () => {
    const { element } = page(new FakeHost(), "synthetic_circuit_running");
    expect(element.textContent).toContain("stopped after 9 of ");
    expect(element.querySelectorAll(".pw-curve-random").length).toBe(0);
  });

  it("can be cancelled while they are measured", () => {
    const host = new FakeHost();
    const view = page(host, "synthetic_circuit_running");
    const running = header("synthetic_circuit_running");
    const progress = { ...running.progress, state: "running", share: 0.3, seconds_left: 4 };
    view.update({ header: { ...running, progress } as Circuit });
    expect(view.element.textContent).toContain("· 4 s left");
    press(view.element, "Escape");
    expect(host.commands).toEqual([{ command: "cancel", key: "circuit" }]);
  });
});

describe("what is saved", () => {
  it("is an SVG with the graph, the curve and all that is said of them", () => {
    const { view } = embedded(header());
    const sheet = view.sheet as SvgSheet;
    const { svg: text, width, height } = pictureOf(sheet);
    const svg = new DOMParser().parseFromString(text, "image/svg+xml");
    expect(svg.querySelector("parsererror")).toBeNull();
    const said = [...svg.querySelectorAll("text")].map((one) => one.textContent ?? "").join(" ");
    for (const part of [
      "How much does this circuit carry?",
      "L23H3",
      "logits",
      "numbers: normalized effect · dashed: negative",
      "20 random circuits",
      "model smollm2-135m · pairs 64 · corruption token replacement at S2",
      "metric logit difference",
      "MLPs are left live",
    ]) {
      expect(said).toContain(part);
    }
    const drawn = view.element.querySelectorAll(".pw-graph svg path, .pw-curve svg path").length;
    expect(svg.querySelectorAll("path").length).toBe(drawn);
    expect(text).not.toMatch(/ (class|role="button"|tabindex|aria-|data-)/);
    expect(width).toBeGreaterThan(600);
    expect(height).toBeGreaterThan(400);
  });

  it("has hostile names as text", () => {
    const name = "<img src=x onerror=alert(1)>\u0001";
    const all = { ...header(), metrics: [], edges: [] };
    const hostile = { ...all, nodes: [{ ...all.nodes[0], name, label: name }] };
    const { view } = embedded(hostile as Circuit);
    const { svg } = pictureOf(view.sheet as SvgSheet);
    const read = new DOMParser().parseFromString(svg, "image/svg+xml");
    expect(read.querySelector("img, parsererror")).toBeNull();
    expect(svg).toContain("&lt;img src=x onerror=alert(1)&gt;�");
  });

  it("is handed to the reader as a file, and there is none of nothing", async () => {
    const clicked = vi.fn();
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (
      this: HTMLAnchorElement,
    ) {
      clicked(this.download, this.href.slice(0, 5));
    });
    const { view } = embedded(header());
    const buttons = [...view.element.querySelectorAll<HTMLElement>(".pw-save button")];
    expect(buttons.map((one) => one.textContent)).toEqual(["Save as PNG", "Save as SVG"]);
    buttons[1]?.click();
    await vi.waitFor(() => expect(clicked).toHaveBeenCalledWith("circuit.svg", "blob:"));
    const none = embedded({ ...header(), nodes: [], edges: [] }).view;
    expect(none.element.querySelector<HTMLElement>(".pw-save")?.hidden).toBe(true);
  });
});

describe("a stored circuit", () => {
  it("that is damaged is refused with a sentence", () => {
    const bundle = stored("synthetic_circuit");
    bundle.header.nodes[0].kind = "neuron";
    expect(() => readBundle(bundle)).toThrow(
      "This output is damaged and cannot be drawn: nodes[0].kind is not string.",
    );
  });
});
