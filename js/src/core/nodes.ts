/** A way on from a node: to what feeds it, or to what it writes to. */
export interface Way {
  /** The key that takes it. */
  letter: string;
  /** What is asked about, such as `L20H1.v`. */
  name: string;
  /** What the reader should know of it. */
  note: string;
  /** Where the paths end; several receivers are joined by a comma. */
  receiver: string;
  /** Where the paths begin, where they end at every receiver; otherwise empty. */
  sender: string;
}

/** A head or an MLP as a node. */
interface Reader {
  layer: number;
  /** The query head; null for an MLP. */
  head: number | null;
  /** Position or role with its `@`, or empty. */
  place: string;
}

/** Returns the head or MLP whose output is written `L{layer}H{head}` or `L{layer}.mlp_out`. */
export function parseReader(written: string): Reader | null {
  const match = /^L(\d+)(?:H(\d+)|\.mlp_out)(@[^<]+)?$/.exec(written);
  if (!match) return null;
  const [, layer, head, place = ""] = match;
  return { layer: Number(layer), head: head === undefined ? null : Number(head), place };
}

/** Returns the ways on from a node; none where nothing reads there. */
export function waysFrom(written: string, headsPerKvHead: number): Way[] {
  const reader = parseReader(written);
  if (!reader) return fromInput(written, headsPerKvHead);
  const { layer, head, place } = reader;
  const into = head === null ? intoMlp(layer, place) : intoHead(layer, head, place, headsPerKvHead);
  return [...into, outOf(written)];
}

/** Returns the ways on from what reads: to what feeds it, and to where its node writes. */
function fromInput(written: string, headsPerKvHead: number): Way[] {
  const input = /^L\d+(?:H\d+\.([qkv])|\.mlp_in)(@.+)?$/.exec(written);
  if (!input) return [];
  const into = { letter: input[1] ?? "i", name: written, note: "", receiver: written, sender: "" };
  const [node, ...others] = nodesOf(written, headsPerKvHead);
  return node && !others.length ? [into, outOf(node)] : [into];
}

function outOf(node: string): Way {
  return { letter: "w", name: node, note: "", receiver: "", sender: node };
}

/** Returns what a way asks, in words. */
export function questionOf({ name, sender }: Way): string {
  if (sender) return `where does ${sender} write to?`;
  return name === "logits" ? "what writes to the logits?" : `what feeds ${name}?`;
}

/** Returns the key of the map that a way leads to, after that of its setting. */
export function keyOf(
  { receiver, sender }: Pick<Way, "receiver" | "sender">,
  form: string,
): string {
  const of = form && form !== "pinned" ? ` (${form})` : "";
  return `${sender ? `from ${sender}` : receiver}${of}`;
}

/** The way to what writes to the logits, which is where every circuit ends. */
export const TO_LOGITS: Way = {
  letter: "l",
  name: "logits",
  note: "",
  receiver: "logits",
  sender: "",
};

/** Returns the nodes that a map's key is about, most likely first. */
export function nodesOf(key: string, headsPerKvHead: number): string[] {
  const about = key.replace(/ \([a-z_]+\)$/, "");
  if (about.startsWith("from ")) return [about.slice(5)];
  const [first = ""] = about.split(", ");
  const mlp = /^(L\d+)\.mlp_in(@.+)?$/.exec(first);
  if (mlp) return [`${mlp[1]}.mlp_out${mlp[2] ?? ""}`];
  const match = /^L(\d+)H(\d+)\.([qkv])(@.+)?$/.exec(first);
  if (!match) return [];
  const [, layer, head, input, place = ""] = match;
  if (input === "q") return [`L${layer}H${head}${place}`];
  const start = Number(head) * headsPerKvHead;
  return Array.from({ length: headsPerKvHead }, (_, i) => `L${layer}H${start + i}${place}`);
}

/** Returns what kind of node a name stands for, in words. */
export function kindOf(written: string): string {
  const [name = "", position] = written.split("@");
  const where = position === undefined ? "" : `, position ${position}`;
  const layer = /^L(\d+)/.exec(name)?.[1];
  const site = name.split(".")[1];
  if (layer === undefined) return { embed: "token embedding", logits: "logits" }[name] ?? "";
  if (/^L\d+H\d+$/.test(name)) return `attention head, layer ${layer}${where}`;
  const sites: Record<string, string> = {
    mlp_out: "MLP output,",
    attn_out: "attention output,",
    mlp_in: "what the MLP reads,",
    q: "query input of a head,",
    k: "key input of a head,",
    v: "value input of a head,",
    resid_pre: "residual stream before",
    resid_mid: "residual stream inside",
    resid_post: "residual stream after",
  };
  return `${sites[site ?? ""] ?? `${site},`} layer ${layer}${where}`;
}

function intoMlp(layer: number, place: string): Way[] {
  const receiver = `L${layer}.mlp_in${place}`;
  return [{ letter: "i", name: receiver, note: "", receiver, sender: "" }];
}

/** Returns the inputs of a head, with key/value heads where heads share them. */
function intoHead(layer: number, head: number, place: string, headsPerKvHead: number): Way[] {
  const ways = ["q", "k", "v"].map((letter) => {
    const own = letter === "q" || headsPerKvHead === 1;
    const index = own ? head : Math.floor(head / headsPerKvHead);
    const first = index * headsPerKvHead;
    const note = own ? "" : `kv head ${index}, heads ${first}–${first + headsPerKvHead - 1}`;
    const receiver = `L${layer}H${index}.${letter}${place}`;
    return { letter, name: receiver, note, receiver, sender: "" };
  });
  const receiver = ways.map((way) => way.receiver).join(", ");
  const all = { letter: "a", name: `L${layer}H${head}${place}`, note: "q, k and v together" };
  return [...ways, { ...all, receiver, sender: "" }];
}
