import type { CircuitEdge, CircuitNode } from "../generated/views";

const LEFT = 36;
const RIGHT = 8;
/** Pixels of a bold letter, in the widest of the usual fonts. */
const LETTER = 8.5;
const LETTERS: Record<string, number> = { "@": 12, M: 12, " ": 4.5, H: 10, N: 10, "−": 10 };
const BETWEEN = 12;
const WIDE = 56;
const DENSE = 16;

/** How much of a row nodes take before the next row begins: the rest is for what passes them. */
const FILLED = 0.8;

/** A node and where it lies, in pixels. */
export interface PlacedNode {
  node: CircuitNode;
  row: number;
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A connection and the points it goes through, from the sender up to the receiver. */
export interface PlacedEdge {
  /** The pinned path; null where a node's whole effect is drawn, by whatever route. */
  edge: CircuitEdge | null;
  sender: string;
  receiver: string;
  effect: number | null;
  points: [number, number][];
}

/** A layer's label. */
export interface RowLabel {
  text: string;
  y: number;
}

/** Where everything of a circuit lies. */
export interface Layout {
  width: number;
  height: number;
  dense: boolean;
  nodes: PlacedNode[];
  edges: PlacedEdge[];
  rows: RowLabel[];
}

/** A connection before it has a place. */
export interface Link {
  edge: CircuitEdge | null;
  sender: string;
  receiver: string;
  effect: number | null;
}

/** Something that takes room in a row: a node, or a connection that passes it. */
interface Item {
  node: CircuitNode | null;
  width: number;
  centre: number;
  below: Item[];
  above: Item[];
}

/** Returns how high in the picture a node is: MLPs read what the heads of their layer write. */
export function heightOf({ kind, layer }: CircuitNode): number {
  if (kind === "embed") return -1;
  if (kind === "logits") return Number.POSITIVE_INFINITY;
  return (layer ?? 0) + (kind === "mlp" ? 0.5 : 0);
}

/** Pixels between two nodes of a row, and between a node and a connection that passes it. */
interface Gaps {
  between: number;
  beside: number;
}

/** Returns places without overlaps: a row per layer, the inputs lowest, the logits highest. */
export function layout(nodes: CircuitNode[], links: Link[], width: number): Layout {
  const dense = nodes.length > DENSE;
  const room = Math.max(160, width) - LEFT - RIGHT;
  const rows = rowsOf(nodes, room, dense);
  const items = rows.map((row) => row.map((node) => itemOf(node, dense)));
  const routes = links.map((link) => route(link, rows, items));
  order(items);
  settle(items, room, dense);
  centre(items.flat(), room);
  const ends = items.flat().map(({ centre, width }) => centre + width / 2);
  return drawn(items, links, routes, { width: Math.max(room, ...ends) + LEFT + RIGHT, dense });
}

/** Returns the nodes by row, the lowest first; a layer that does not fit has several rows. */
function rowsOf(nodes: CircuitNode[], room: number, dense: boolean): CircuitNode[][] {
  const byHeight = new Map<number, CircuitNode[]>();
  for (const node of nodes) {
    const height = heightOf(node);
    byHeight.set(height, [...(byHeight.get(height) ?? []), node]);
  }
  const heights = [...byHeight.keys()].sort((a, b) => a - b);
  return heights.flatMap((height) => {
    const members = [...(byHeight.get(height) ?? [])].sort(inLayer);
    const rows: CircuitNode[][] = [[]];
    let taken = 0;
    for (const node of members) {
      const size = widthOf(node, dense) + BETWEEN;
      if (taken && taken + size > FILLED * room) {
        rows.push([]);
        taken = 0;
      }
      rows[rows.length - 1]?.push(node);
      taken += size;
    }
    return rows;
  });
}

function inLayer(one: CircuitNode, other: CircuitNode): number {
  return one.name.localeCompare(other.name, "en", { numeric: true });
}

function widthOf({ label }: CircuitNode, dense: boolean): number {
  // In dense pictures the sign stands behind the label, in others beneath it.
  const letters = [...label, ...(dense ? " −" : "")];
  const wide = letters.reduce((sum, letter) => sum + (LETTERS[letter] ?? LETTER), 0);
  return Math.max(46, Math.round(wide) + 14);
}

function itemOf(node: CircuitNode, dense: boolean): Item {
  return { node, width: widthOf(node, dense), centre: 0, below: [], above: [] };
}

/** Puts a connection into the rows that it passes, and returns its items from end to end. */
function route({ sender, receiver }: Link, rows: CircuitNode[][], items: Item[][]): Item[] {
  const level = (name: string) => rows.findIndex((row) => row.some((node) => node.name === name));
  const [from, to] = [level(sender), level(receiver)];
  const at = (row: number, name: string) =>
    items[row]?.find(({ node }) => node?.name === name) as Item;
  const path = [at(from, sender)];
  for (let row = from + 1; row < to; row++) {
    const passing: Item = { node: null, width: 0, centre: 0, below: [], above: [] };
    items[row]?.push(passing);
    path.push(passing);
  }
  path.push(at(to, receiver));
  for (const [index, lower] of path.slice(0, -1).entries()) {
    const upper = path[index + 1] as Item;
    lower.above.push(upper);
    upper.below.push(lower);
  }
  return path;
}

/** Sorts every row by where its neighbours are, so that few connections cross. */
function order(rows: Item[][]): void {
  const spread = (row: Item[]) => {
    for (const [index, item] of row.entries()) item.centre = (index + 0.5) / row.length;
  };
  rows.forEach(spread);
  for (let sweep = 0; sweep < 4; sweep++) {
    const upwards = sweep % 2 === 0;
    for (const row of upwards ? rows : [...rows].reverse()) {
      const wanted = new Map(
        row.map((item) => [item, mean(upwards ? item.below : item.above) ?? item.centre]),
      );
      row.sort((a, b) => (wanted.get(a) as number) - (wanted.get(b) as number));
      spread(row);
    }
  }
}

/** Moves everything towards its neighbours, as far as there is room. */
function settle(rows: Item[][], room: number, dense: boolean): void {
  const most = { between: WIDE, beside: dense ? 4 : WIDE / 4 };
  const gaps = { ...most };
  for (const row of rows) {
    const nodes = row.filter(({ node }) => node);
    const passing = row.length - nodes.length;
    const free = room - nodes.reduce((sum, { width }) => sum + width, 0);
    const each = Math.max(0, free) / (nodes.length + passing);
    gaps.between = Math.max(BETWEEN, Math.min(gaps.between, each));
    gaps.beside = Math.max(3, Math.min(gaps.beside, each / 4));
    for (const item of row) {
      if (!item.node) item.width = Math.max(0.5, Math.min(dense ? 6 : 12, each / 2));
      item.centre *= room;
    }
  }
  for (const row of rows) fit(row, room, gaps);
  for (let turn = 0; turn < 12; turn++) {
    for (const row of turn % 2 ? [...rows].reverse() : rows) {
      for (const item of row) item.centre = wanted(item, turn % 2 === 0);
      fit(row, room, gaps);
    }
  }
}

/** Returns where an item would be best; one that passes goes straight on where it can. */
function wanted(item: Item, upwards: boolean): number {
  const [before] = upwards ? item.below : item.above;
  if (!item.node && before && !before.node) return before.centre;
  return mean([...item.below, ...item.above]) ?? item.centre;
}

/** Moves everything to the middle of the picture. */
function centre(items: Item[], room: number): void {
  const least = Math.min(...items.map(({ centre, width }) => centre - width / 2));
  const most = Math.max(...items.map(({ centre, width }) => centre + width / 2));
  const step = Math.max(-least, (room - least - most) / 2);
  for (const item of items) item.centre += step;
}

/** Takes a row apart where its items overlap, keeping their order and all of them inside. */
function fit(row: Item[], room: number, gaps: Gaps): void {
  const best = row.map(({ centre }) => centre);
  const steps = row.map((item, index) => apart(row[index - 1], item, gaps));
  const up = [...best];
  const down = [...best];
  for (let i = 1; i < row.length; i++) up[i] = Math.max(at(up, i), at(up, i - 1) + at(steps, i));
  for (let i = row.length - 2; i >= 0; i--) {
    down[i] = Math.min(at(down, i), at(down, i + 1) - at(steps, i + 1));
  }
  let limit = room - (row[row.length - 1]?.width ?? 0) / 2;
  const inside = [...best];
  for (let i = row.length - 1; i >= 0; i--) {
    inside[i] = Math.min((at(up, i) + at(down, i)) / 2, limit);
    limit = at(inside, i) - at(steps, i);
  }
  let least = (row[0]?.width ?? 0) / 2;
  for (const [index, item] of row.entries()) {
    item.centre = Math.max(at(inside, index), least);
    least = item.centre + (steps[index + 1] ?? 0);
  }
}

function at(numbers: number[], index: number): number {
  return numbers[index] ?? 0;
}

/** Returns how far apart the centres of two neighbours are at least. */
function apart(one: Item | undefined, other: Item, { between, beside }: Gaps): number {
  if (!one) return 0;
  const gap = one.node && other.node ? between : one.node || other.node ? beside : 0;
  return (one.width + other.width) / 2 + gap;
}

function mean(items: Item[]): number | null {
  return items.length ? items.reduce((sum, { centre }) => sum + centre, 0) / items.length : null;
}

function drawn(
  rows: Item[][],
  links: Link[],
  routes: Item[][],
  { width, dense }: { width: number; dense: boolean },
): Layout {
  const height = dense ? 20 : 34;
  const pitch = height + (dense ? 22 : 30);
  const top = (row: number) => 6 + (rows.length - 1 - row) * pitch;
  const rowOf = new Map(rows.flatMap((row, index) => row.map((item) => [item, index] as const)));
  const nodes = rows.flatMap((row, index) =>
    row.flatMap(({ node, width, centre }) =>
      node
        ? [{ node, row: index, x: LEFT + centre - width / 2, y: top(index), width, height }]
        : [],
    ),
  );
  const edges = links.map((link, index) => {
    const path = routes[index] as Item[];
    const points: [number, number][] = [];
    for (const [step, item] of path.entries()) {
      const y = top(rowOf.get(item) ?? 0);
      const x = LEFT + item.centre;
      if (step > 0) points.push([x + (item.node ? portOf(link.edge, item.width) : 0), y + height]);
      if (step < path.length - 1) points.push([x, y]);
    }
    return { ...link, points };
  });
  const labels = rows.flatMap((row, index) => {
    const node = row.find((item) => item.node)?.node;
    const layer = node?.layer;
    const below = rows[index - 1]?.find((item) => item.node)?.node?.layer;
    if (layer === null || layer === undefined || layer === below) return [];
    return [{ text: `L${layer}`, y: top(index) + height / 2 }];
  });
  return { width, height: top(0) + height + 16, dense, nodes, edges, rows: labels };
}

/** Returns where on a head its query, key and value enter, from its centre. */
function portOf(edge: CircuitEdge | null, width: number): number {
  const share = { q: -0.3, k: 0, v: 0.3, "": 0 }[edge?.input ?? ""];
  return share * width;
}
