/** The inputs of an attention head that a path can lead into. */
export type HeadInput = "q" | "k" | "v";

const HEAD_INPUTS: readonly HeadInput[] = ["q", "k", "v"];

/** An attention head as a node: layer and query head. */
export interface Head {
  layer: number;
  head: number;
}

/** One way on from a head. */
export interface Receiver {
  input: HeadInput;
  /** Written name of the receiver, such as `L20H1.v`. */
  name: string;
  /** What the reader should know of it. */
  note: string;
}

/** Returns the head that is written exactly `L{layer}H{head}`, or null. */
export function parseHead(written: string): Head | null {
  const match = /^L(\d+)H(\d+)$/.exec(written);
  return match ? { layer: Number(match[1]), head: Number(match[2]) } : null;
}

/** Returns the receivers that a head offers, with key/value heads where heads share them. */
export function receiversOf(head: Head, headsPerKvHead: number): Receiver[] {
  return HEAD_INPUTS.map((input) => {
    const own = input === "q" || headsPerKvHead === 1;
    const index = own ? head.head : Math.floor(head.head / headsPerKvHead);
    const first = index * headsPerKvHead;
    const shared = own ? "" : `kv head ${index}, heads ${first}–${first + headsPerKvHead - 1}`;
    return { input, name: `L${head.layer}H${index}.${input}`, note: shared };
  });
}

/** Returns the heads whose input a receiver such as `L20H1.v` is, most likely first. */
export function headsOf(receiver: string, headsPerKvHead: number): string[] {
  const match = /^L(\d+)H(\d+)\.([qkv])$/.exec(receiver);
  if (!match) return [];
  const [, layer, head, input] = match;
  if (input === "q") return [`L${layer}H${head}`];
  const first = Number(head) * headsPerKvHead;
  return Array.from({ length: headsPerKvHead }, (_, i) => `L${layer}H${first + i}`);
}

/** Returns what kind of node a name stands for, in words. */
export function kindOf(written: string): string {
  const [name = "", position] = written.split("@");
  const where = position === undefined ? "" : `, position ${position}`;
  const layer = /^L(\d+)/.exec(name)?.[1];
  const site = name.split(".")[1];
  if (layer === undefined) return { embed: "token embedding", logits: "logits" }[name] ?? "";
  if (parseHead(name)) return `attention head, layer ${layer}${where}`;
  const sites: Record<string, string> = {
    mlp_out: "MLP output,",
    attn_out: "attention output,",
    resid_pre: "residual stream before",
    resid_mid: "residual stream inside",
    resid_post: "residual stream after",
  };
  return `${sites[site ?? ""] ?? `${site},`} layer ${layer}${where}`;
}
