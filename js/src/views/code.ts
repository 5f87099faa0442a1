import type { Payload } from "../core/payload";
import type { Looking } from "./looking";

/** Returns Python that measures what is looked at again: the study, the open maps, the circuit. */
export function codeOf({ header }: Payload, looking: Looking): string {
  const own = looking.setting?.code || header.code;
  const [study = ""] = own.split("\nresult = ");
  const calls = looking.trail.map((key) => looking.chart(key)?.map.call ?? "").filter(Boolean);
  if (!calls.length) return own;
  const [first, ...paths] = calls;
  const lines = [study, `result = ${first}`];
  paths.forEach((call, place) => {
    lines.push(`paths${paths.length > 1 ? `_${place + 1}` : ""} = ${call}`);
  });
  if (looking.pins.length) lines.push(`circuit = study.circuit(${listed(looking.pins)})`);
  return lines.join("\n");
}

function listed(nodes: string[]): string {
  return `[${nodes.map((node) => `"${node}"`).join(", ")}]`;
}
