import { nodesOf, parseReader } from "./nodes";

/**
 * Returns the path that a cell of a path map stands for; empty where it can be no part of a circuit.
 *
 * @param about Key of the map, after that of its setting.
 * @param cell Written name of the cell: what sends, or what reads where the map is of a sender.
 */
export function pathAt(about: string, cell: string, headsPerKvHead: number): string {
  const key = about.replace(/ \([a-z_]+\)$/, "");
  const from = key.startsWith("from ") ? key.slice(5) : "";
  const [sender, receiver] = from ? [from, cell] : [cell, key];
  const sends = sender === "embed" || parseReader(sender);
  const reads = receiver === "logits" || nodesOf(receiver, headsPerKvHead).length;
  return sends && reads ? `${sender} -> ${receiver}` : "";
}

/** Returns what sends, and what reads. */
export function endsOf(path: string): [sender: string, receiver: string] {
  const [sender = "", receiver = ""] = path.split("->").map((end) => end.trim());
  return [sender, receiver];
}
