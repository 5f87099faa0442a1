import type { Circuit, CircuitEdge, CircuitNode } from "../generated/views";
import { nodesOf } from "./nodes";

/** Everything a circuit draws. */
export interface CircuitPayload {
  header: Circuit;
}

/** A node or a path that was pinned, with the effect it has by itself where that is known. */
export interface Pin {
  name: string;
  effect: number | null;
}

/** Returns a circuit as it is read; it has no arrays. */
export function readCircuit(header: Circuit): CircuitPayload {
  return { header };
}

/**
 * Returns what was pinned as a circuit of which nothing is measured yet; as
 * `patchwidgets.views._circuit.pinned` does.
 *
 * @param nodes Names such as `L9H6`, `L9H6@END` and `L9.mlp_out`.
 * @param paths Names such as `L5H1 -> L9H6.q`; both ends must be nodes, or `embed` or `logits`.
 * @param effects What the effects are: `normalized effect`, or `effect in logits`.
 */
export function pinnedCircuit(
  nodes: Pin[],
  paths: Pin[],
  headsPerKvHead: number,
  effects: string,
): Circuit {
  const drawn = nodes.map(nodeOf);
  const edges = paths.flatMap((path) => legsOf(path, drawn, headsPerKvHead));
  const ends = ["embed", "logits"].filter((end) =>
    edges.some(({ sender, receiver }) => sender === end || receiver === end),
  );
  return {
    view: "circuit",
    title: "How much does this circuit carry?",
    facts: [],
    nodes: [...drawn, ...ends.map((name) => nodeOf({ name, effect: null }))],
    edges,
    effects: [...nodes, ...paths].some(({ effect }) => effect !== null) ? effects : "",
    size: nodes.length,
    universe: 0,
    metrics: [],
    choices: [],
    remarks: [],
    progress: null,
    advice: [],
    code: "",
  };
}

function nodeOf({ name, effect }: Pin): CircuitNode {
  if (name === "embed" || name === "logits") {
    return { name, kind: name, layer: null, label: name, effect };
  }
  const [node = "", place] = name.split("@");
  const layer = Number(/^L(\d+)/.exec(node)?.[1] ?? 0);
  const kind = node.endsWith(".mlp_out") ? "mlp" : "head";
  const label = kind === "mlp" ? `MLP ${layer}${place ? `@${place}` : ""}` : name;
  return { name, kind, layer, label, effect };
}

/** Returns the legs of a path: from every node that sends to every one that receives. */
function legsOf({ name, effect }: Pin, nodes: CircuitNode[], headsPerKvHead: number) {
  const stops = name.split("->").map((stop) => stop.split(",").map((node) => node.trim()));
  const found = new Map<string, CircuitEdge>();
  for (const [index, receivers] of stops.slice(1).entries()) {
    for (const sender of stops[index] ?? []) {
      for (const receiver of receivers) {
        const input = (/\.([qkv])(@|$)/.exec(receiver)?.[1] ?? "") as CircuitEdge["input"];
        for (const from of drawnAs(sender, nodes, headsPerKvHead)) {
          for (const to of drawnAs(receiver, nodes, headsPerKvHead)) {
            const leg = { path: name, sender: from, receiver: to, input, effect };
            found.set([from, to, input].join(" "), leg);
          }
        }
      }
    }
  }
  return [...found.values()];
}

/** Returns the names of the drawn nodes that a node of a path is part of. */
function drawnAs(written: string, nodes: CircuitNode[], headsPerKvHead: number): string[] {
  if (written === "embed" || written === "logits") return [written];
  const [place = "", position] = written.split("@");
  const layer = /^(L\d+)\.mlp/.exec(place)?.[1];
  const heads = nodesOf(place, headsPerKvHead);
  const wanted = layer ? [`${layer}.mlp_out`] : heads.length ? heads : [place];
  const found = nodes.filter(({ name }) => wanted.includes(name.split("@")[0] ?? ""));
  const exact = found.filter(({ name }) => name.split("@")[1] === position);
  return (exact.length ? exact : found).map(({ name }) => name);
}

/** Returns whether what was pinned is a path, and not a node. */
export function isPath(pin: string): boolean {
  return pin.includes("->");
}

/** Returns whether a node is part of the circuit, and not only where a path starts or ends. */
export function isPinned({ kind }: CircuitNode): boolean {
  return kind === "head" || kind === "mlp";
}
