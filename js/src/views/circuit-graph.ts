import { isPinned } from "../core/circuit";
import { css, limitOf, textOn } from "../core/color";
import { fill, focusedAt, h } from "../core/dom";
import { signed } from "../core/format";
import { kindOf } from "../core/nodes";
import { s } from "../core/svg";
import type { Theme } from "../core/theme";
import type { Circuit, CircuitNode } from "../generated/views";
import { type Layout, type Link, layout, type PlacedEdge, type PlacedNode } from "./circuit-layout";

/** Up to so many nodes that send no path, their whole effects are drawn as lines to the logits. */
const FEW = 8;

/** What a reader does to a node. */
export interface GraphEvents {
  select(node: string): void;
  /** Left out where nothing can be removed. */
  remove?(node: string): void;
}

/** What is drawn. */
export interface GraphProps {
  circuit: Circuit;
  selected: string;
  theme: Theme;
  width: number;
  /** Paths that are no part of what was pinned; they are drawn paler. */
  unpinned?: ReadonlySet<string> | undefined;
}

/** A circuit as a layered graph: inputs low, logits high. One stop for the Tab key. */
export class CircuitGraph {
  private readonly picture = h("div", { class: "pw-graph-scroll" });
  private readonly paths = h("ul", { class: "pw-unseen" });
  private readonly legend = h("div", { class: "pw-muted pw-graph-legend" });
  readonly element = h("div", { class: "pw-graph" }, this.picture, this.paths, this.legend);
  private placed: PlacedNode[] = [];
  private shapes = new Map<string, SVGGElement>();
  private stop = "";
  private drawnBy = "";
  private readonly listening = new AbortController();

  constructor(private readonly events: GraphEvents) {
    const { signal } = this.listening;
    const on = this.picture.addEventListener.bind(this.picture);
    on("keydown", (event) => this.key(event), { signal });
    on("focusin", (event) => this.arrive(event.target as Element), { signal });
    on("click", (event) => this.press(event.target as Element), { signal });
  }

  update({ circuit, selected, theme, width, unpinned = new Set() }: GraphProps): void {
    const { nodes, edges, effects } = circuit;
    const colors = [theme.palette.dark, theme.text, theme.muted, theme.font];
    const paler = [...unpinned];
    const drawnBy = JSON.stringify([nodes, edges, effects, selected, width, colors, paler]);
    if (drawnBy === this.drawnBy) return;
    this.drawnBy = drawnBy;
    const focused = this.picture.contains(focusedAt(this.picture)) ? this.stop : null;
    const before = this.placed.map(({ node }) => node.name);
    const all = withLogits(nodes);
    const placed = layout(all, linksOf(circuit, all), width);
    this.placed = [...placed.nodes].sort((a, b) => b.row - a.row || a.x - b.x);
    this.draw(placed, circuit, selected, { theme, unpinned });
    this.settle(before, selected, focused !== null);
    this.say(circuit, unpinned);
  }

  /** Puts the keyboard on a node. */
  focus(name: string): void {
    this.shapes.get(name)?.focus();
  }

  /** The picture; null before anything is drawn. */
  get drawn(): SVGSVGElement | null {
    return this.picture.querySelector("svg");
  }

  /** What its lines and numbers mean, in words. */
  get says(): string {
    return this.legend.textContent ?? "";
  }

  destroy(): void {
    this.listening.abort();
    this.element.remove();
  }

  private draw(
    placed: Layout,
    circuit: Circuit,
    selected: string,
    how: Pick<Pen, "theme" | "unpinned">,
  ): void {
    const { width, height } = placed;
    const { theme } = how;
    const limit = limitOf([...circuit.nodes, ...circuit.edges].map(({ effect }) => effect ?? 0));
    const pen = { ...how, limit, dense: placed.dense, effects: circuit.effects };
    this.shapes = new Map(
      placed.nodes.map((one) => [one.node.name, shapeOf(one, selected, pen)] as const),
    );
    fill(
      this.picture,
      s(
        "svg",
        {
          width,
          height,
          viewBox: `0 0 ${width} ${height}`,
          role: "group",
          "aria-label": "circuit",
        },
        ...placed.rows.map(({ text, y }) =>
          s("text", { class: "pw-graph-layer", x: 2, y, fill: theme.muted }, text),
        ),
        ...placed.edges.map((edge) => lineOf(edge, pen)),
        ...placed.edges.map((edge) => letterOf(edge, pen)),
        ...this.shapes.values(),
      ),
    );
  }

  /** Keeps one node the stop for the Tab key; where it is gone, one that was beside it. */
  private settle(before: string[], selected: string, focus: boolean): void {
    if (!this.shapes.has(this.stop)) {
      const place = Math.min(before.indexOf(this.stop), this.placed.length - 1);
      const next = this.placed[place]?.node.name ?? this.placed[0]?.node.name ?? "";
      this.stop = this.shapes.has(selected) ? selected : next;
    }
    for (const [name, shape] of this.shapes) {
      shape.setAttribute("tabindex", name === this.stop ? "0" : "-1");
    }
    if (focus) this.focus(this.stop);
  }

  /** Writes what the lines say, for those who do not see them, and what they mean. */
  private say({ nodes, edges, effects }: Circuit, unpinned: ReadonlySet<string>): void {
    const label = (name: string) => nodes.find((node) => node.name === name)?.label ?? name;
    const told = edges.map(({ path, sender, receiver, input, effect }) => {
      const where = input ? `the ${INPUTS[input]} of ${label(receiver)}` : label(receiver);
      const what = effect === null ? "not measured" : `${effects} ${signed(effect)}`;
      const more = unpinned.has(path) ? ", not pinned" : "";
      return h("li", {}, `${label(sender)} to ${where}: ${what}${more}`);
    });
    fill(this.paths, ...told);
    const whole = lonely({ nodes, edges }).some(({ effect }) => effect !== null);
    const parts = [
      effects && `numbers: ${effects}`,
      effects && "dashed: negative",
      edges.some(({ effect }) => effect === null) && "grey: not measured",
      edges.some(({ path }) => unpinned.has(path)) && "pale: measured, not pinned",
      whole && "dotted: a node’s whole effect, by whatever route",
    ];
    this.legend.textContent = parts.filter(Boolean).join(" · ");
    this.legend.hidden = !nodes.length;
  }

  private press(target: Element): void {
    const node = target.closest<SVGGElement>("[data-node]")?.dataset.node;
    if (node) this.events.select(node);
  }

  private arrive(target: Element): void {
    const node = target.closest<SVGGElement>("[data-node]")?.dataset.node;
    if (!node) return;
    this.shapes.get(this.stop)?.setAttribute("tabindex", "-1");
    this.stop = node;
    this.shapes.get(node)?.setAttribute("tabindex", "0");
  }

  private key(event: KeyboardEvent): void {
    const from = this.placed.find(({ node }) => node.name === this.stop);
    if (!from || event.altKey || event.metaKey || event.shiftKey) return;
    const target = neighbour(this.placed, from, event.key);
    if (target) this.focus(target.node.name);
    else if (event.key === "Enter" || event.key === " ") this.events.select(from.node.name);
    else if (event.key === "Delete" && this.events.remove && isPinned(from.node)) {
      this.events.remove(from.node.name);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

const INPUTS = { q: "query", k: "key", v: "value" };

interface Pen {
  theme: Theme;
  limit: number;
  dense: boolean;
  effects: string;
  unpinned: ReadonlySet<string>;
}

function withLogits(nodes: CircuitNode[]): CircuitNode[] {
  if (!nodes.length || nodes.some(({ name }) => name === "logits")) return nodes;
  const logits = { name: "logits", kind: "logits", layer: null, label: "logits", effect: null };
  return [...nodes, logits as CircuitNode];
}

/** Returns the nodes from which no path goes on. */
function lonely({ nodes, edges }: Pick<Circuit, "nodes" | "edges">): CircuitNode[] {
  const senders = new Set(edges.map(({ sender }) => sender));
  const found = nodes.filter((node) => isPinned(node) && !senders.has(node.name));
  return found.length > FEW ? [] : found;
}

function linksOf(circuit: Circuit, nodes: CircuitNode[]): Link[] {
  const known = new Set(nodes.map(({ name }) => name));
  const pinned = circuit.edges
    .filter(({ sender, receiver }) => known.has(sender) && known.has(receiver))
    .map((edge) => ({
      edge,
      sender: edge.sender,
      receiver: edge.receiver,
      effect: edge.effect,
    }));
  const whole = lonely(circuit)
    .filter(({ effect }) => effect !== null)
    .map(({ name, effect }) => ({ edge: null, sender: name, receiver: "logits", effect }));
  return [...pinned, ...whole];
}

function colorOf(effect: number | null, { theme, limit }: Pen): string {
  if (effect === null) return theme.muted;
  // Strong enough to be seen on the background, whatever the size.
  const share = 0.45 + 0.55 * Math.min(1, Math.abs(effect) / limit);
  return css(theme.palette.at(effect < 0 ? -share : share));
}

function lineOf({ edge, effect, points }: PlacedEdge, pen: Pen): SVGPathElement {
  const size = effect === null ? 0 : Math.min(1, Math.abs(effect) / pen.limit);
  const sign = effect === null || effect >= 0 ? "" : "negative";
  const pale = edge !== null && pen.unpinned.has(edge.path);
  const what = effect === null ? "not measured" : `${pen.effects} ${signed(effect)}`;
  const look = {
    class: `pw-graph-line${edge ? "" : " pw-graph-whole"}`,
    "stroke-opacity": pale ? 0.45 : null,
    "data-sign": sign,
    d: curveThrough(points),
    fill: "none",
    stroke: colorOf(effect, pen),
    "stroke-width": edge ? 1.4 + 2 * size : 1.2,
    "stroke-dasharray": edge ? (sign ? "7 4" : null) : sign ? "6 3 1 3" : "1.5 3",
  };
  return s("path", look, edge && s("title", {}, `${edge.path}: ${what}`));
}

/** Returns a line that moves sideways only between rows. */
function curveThrough(points: [number, number][]): string {
  return points
    .map(([x, y], index) => {
      const previous = points[index - 1];
      if (!previous) return `M${x} ${y}`;
      const middle = (previous[1] + y) / 2;
      return `C${previous[0]} ${middle} ${x} ${middle} ${x} ${y}`;
    })
    .join("");
}

function letterOf({ edge, points }: PlacedEdge, { theme }: Pen): SVGTextElement | null {
  const end = points[points.length - 1];
  if (!edge?.input || !end) return null;
  // Queries enter on the left of a head, so their letters stand to the left of their lines.
  const [x, anchor] = edge.input === "q" ? [end[0] - 4, "end"] : [end[0] + 4, "start"];
  const at = { x, y: end[1] + 11, fill: theme.text, "text-anchor": anchor };
  return s("text", { class: "pw-graph-input", ...at }, edge.input);
}

function shapeOf(placed: PlacedNode, selected: string, pen: Pen): SVGGElement {
  const { node, x, y, width, height } = placed;
  const { theme, limit, dense, effects } = pen;
  const end = !isPinned(node);
  const color = node.effect === null ? null : theme.palette.at(node.effect / limit);
  const ink = color ? textOn(color) : theme.text;
  const value = node.effect === null ? "" : signed(node.effect);
  const sign = node.effect === null ? "" : node.effect < 0 ? " −" : " +";
  // What is said begins with what is seen.
  const said = [value ? `${node.label} ${value}` : node.label, value && effects, kindOf(node.name)]
    .filter(Boolean)
    .join(", ");
  const middle = x + width / 2;
  const twoLines = !dense && value;
  return s(
    "g",
    {
      class: `pw-graph-node${end ? " pw-graph-end" : ""}`,
      "data-node": node.name,
      role: "button",
      tabindex: -1,
      "aria-pressed": node.name === selected ? "true" : "false",
      "aria-label": said,
    },
    s("title", {}, said),
    s("rect", {
      x,
      y,
      width,
      height,
      rx: end || node.kind === "mlp" ? height / 2 : 5,
      fill: color ? css(color) : "var(--pw-bg)",
      stroke: end ? theme.muted : theme.text,
    }),
    s(
      "text",
      { class: "pw-graph-label", x: middle, y: y + (twoLines ? 13 : height / 2), fill: ink },
      dense && value ? node.label + sign : node.label,
      twoLines && s("tspan", { "font-size": 0 }, " "),
      twoLines && s("tspan", { class: "pw-graph-value", x: middle, y: y + 26 }, value),
    ),
  );
}

/** Returns the node that a key leads to; none where the key does not move. */
function neighbour(placed: PlacedNode[], from: PlacedNode, key: string): PlacedNode | null {
  const centre = ({ x, width }: PlacedNode) => x + width / 2;
  const row = placed.filter((one) => one.row === from.row);
  const nearest = (step: 1 | -1) => {
    const rows = placed.map((one) => one.row).filter((one) => Math.sign(one - from.row) === step);
    if (!rows.length) return from;
    const next = step > 0 ? Math.min(...rows) : Math.max(...rows);
    const away = (one: PlacedNode) => Math.abs(centre(one) - centre(from));
    return placed.filter((one) => one.row === next).sort((a, b) => away(a) - away(b))[0] ?? from;
  };
  const place = row.indexOf(from);
  switch (key) {
    case "ArrowLeft":
      return row[place - 1] ?? from;
    case "ArrowRight":
      return row[place + 1] ?? from;
    case "ArrowUp":
      return nearest(1);
    case "ArrowDown":
      return nearest(-1);
    case "Home":
      return placed[0] ?? from;
    case "End":
      return placed[placed.length - 1] ?? from;
    default:
      return null;
  }
}
