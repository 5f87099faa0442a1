import { type Found, Sign, type Way } from "../core/comparison";
import { fill, focusedAt, h } from "../core/dom";
import { Roving } from "./roving";

/** What the table shows. */
export interface DetectionProps {
  ways: Way[];
  found: Found;
  selection: string;
  hovered: string;
}

/** What a reader does with it. */
export interface DetectionEvents {
  select(node: string): void;
  /** The pointer is on a node; empty where it has left. */
  hover(node: string): void;
  say(text: string): void;
}

type Direction = "descending" | "ascending";

/** By which header the other axis is ordered; `key` is a node, the number of a method, or empty. */
interface Order {
  of: "rows" | "columns";
  key: string;
  direction: Direction;
}

const TEXTS: Record<number, string> = {
  [Sign.none]: "",
  [Sign.positive]: "+",
  [Sign.negative]: "−",
  [Sign.outside]: "n/a",
};
const RANKS: Record<number, number> = {
  [Sign.positive]: 1,
  [Sign.none]: 0,
  [Sign.negative]: -1,
};

/** Which method detects which node, with its sign; every header orders the other axis. */
export class DetectionTable {
  private readonly table = h("table", { class: "pw-detections", role: "grid" });
  readonly element = h("div", { class: "pw-scroll" }, this.table);
  private readonly roving: Roving;
  private props: DetectionProps | null = null;
  private order: Order | null = null;

  constructor(
    private readonly events: DetectionEvents,
    signal: AbortSignal,
  ) {
    this.roving = new Roving(this.table, signal);
    this.table.addEventListener("click", (event) => this.click(event), { signal });
    this.table.addEventListener("pointerover", (event) => events.hover(nodeAt(event)), { signal });
    this.table.addEventListener("pointerleave", () => events.hover(""), { signal });
  }

  update(props: DetectionProps): void {
    const before = this.props;
    this.props = props;
    if (before?.found !== props.found) {
      if (before?.found.rule !== props.found.rule) this.order = null;
      this.build();
    }
    this.mark();
  }

  private build(): void {
    const { props } = this;
    if (!props) return;
    const { found, ways } = props;
    const active = focusedAt(this.table);
    const focused = this.table.contains(active) ? active : null;
    const key = (focused as HTMLElement | null)?.dataset.key;
    const nodes = this.ordered("columns", indices(found.nodes.length));
    const rows = this.ordered("rows", indices(ways.length));
    this.table.setAttribute("aria-label", `who detects what, by ${found.label}`);
    fill(
      this.table,
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          this.header("rows", "", "method"),
          ...nodes.map((node) => this.header("rows", found.nodes[node] as string)),
        ),
      ),
      h("tbody", {}, ...rows.map((way) => this.row(props, way, nodes))),
    );
    const cells = [...this.table.querySelectorAll<HTMLElement>("th, td")];
    this.roving.settle(
      cells.find((cell) => cell.dataset.key === key),
      focused !== null,
    );
  }

  private row({ found, ways }: DetectionProps, way: number, nodes: number[]): HTMLElement {
    const label = `${way + 1} ${ways[way]?.label ?? ""}`;
    return h(
      "tr",
      {},
      this.header("columns", String(way), label),
      ...nodes.map((node) => {
        const sign = found.signs[way * found.nodes.length + node] as number;
        const name = found.nodes[node] as string;
        return h(
          "td",
          {
            role: "gridcell",
            class: `pw-sign-${sign}`,
            "data-node": name,
            "data-key": `${way} ${name}`,
            "data-lm-suppress-shortcuts": "true",
            title: sign === Sign.outside ? "not in this method's map" : false,
          },
          TEXTS[sign],
        );
      }),
    );
  }

  /** A header that orders the rows (by a node, or by name) or the columns (by a method). */
  private header(of: Order["of"], key: string, text = key): HTMLElement {
    const { order } = this;
    const active = order?.of === of && order.key === key ? order : null;
    const arrow = active && (active.direction === "descending" ? "▼" : "▲");
    return h(
      "th",
      {
        role: of === "rows" ? "columnheader" : "rowheader",
        "aria-sort": active?.direction ?? "none",
        "data-order": of,
        "data-key": `${of} ${key}`,
        "data-value": key,
        "data-node": of === "rows" && key !== "" && key,
        "data-lm-suppress-shortcuts": "true",
        title: of === "rows" ? "order the methods by this" : "order the nodes by this method",
      },
      text,
      arrow && h("span", { "aria-hidden": "true", class: "pw-arrow" }, arrow),
    );
  }

  private click(event: MouseEvent): void {
    const cell = (event.target as Element).closest<HTMLElement>("th, td");
    if (!cell) return;
    const { order, value, node } = cell.dataset;
    if (order) this.sort(order as Order["of"], value as string);
    else if (node) this.events.select(node);
  }

  /** Positive first, then negative first, then as it came; names from A to Z first. */
  private sort(of: Order["of"], key: string): void {
    const [first, then]: Direction[] =
      key === "" ? ["ascending", "descending"] : ["descending", "ascending"];
    const before = this.order?.of === of && this.order.key === key ? this.order.direction : null;
    if (before === then) this.order = null;
    else this.order = { of, key, direction: (before ? then : first) as Direction };
    this.build();
    this.mark();
    const what = of === "rows" ? "methods" : "nodes";
    this.events.say(this.order ? `${what} ${this.order.direction}` : `${what} as they came`);
  }

  private ordered(of: Order["of"], items: number[]): number[] {
    const { order, props } = this;
    if (!props || order?.of !== of) return items;
    const turn = order.direction === "descending" ? -1 : 1;
    if (of === "rows" && order.key === "") {
      const label = (way: number) => props.ways[way]?.label ?? "";
      const compare = new Intl.Collator(undefined, { numeric: true }).compare;
      return items.sort((one, other) => turn * compare(label(one), label(other)));
    }
    const { nodes, signs } = props.found;
    const fixed = of === "rows" ? nodes.indexOf(order.key) : Number(order.key);
    const signAt = (item: number) =>
      signs[of === "rows" ? item * nodes.length + fixed : fixed * nodes.length + item] as number;
    // What is in no map has no place in any order, and comes last in both.
    const rank = (item: number) => RANKS[signAt(item)] ?? -2 * turn;
    const away = (item: number) => (signAt(item) === Sign.outside ? 1 : 0);
    return items.sort(
      (one, other) => away(one) - away(other) || turn * (rank(one) - rank(other)) || one - other,
    );
  }

  private mark(): void {
    const { selection, hovered } = this.props as DetectionProps;
    for (const cell of this.table.querySelectorAll<HTMLElement>("[data-node]")) {
      const { node } = cell.dataset;
      cell.classList.toggle("pw-chosen", node === selection);
      cell.classList.toggle("pw-pointed", node === hovered);
      if (cell.tagName === "TD") cell.setAttribute("aria-selected", String(node === selection));
    }
  }
}

function indices(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function nodeAt(event: Event): string {
  return (event.target as Element).closest<HTMLElement>("[data-node]")?.dataset.node ?? "";
}
