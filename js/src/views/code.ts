import { pairName } from "../core/pair-map";
import type { Payload } from "../core/payload";
import type { Circuit } from "../generated/views";
import { measuredOf } from "./explorer-circuit";
import type { Looking } from "./looking";

/** Returns Python that measures what is looked at again: the study, the open maps, the circuit. */
export function codeOf(payload: Payload, looking: Looking): string {
  const own = looking.setting?.code || payload.header.code;
  const [study = "", shown = ""] = own.split("\nresult = ");
  const calls = looking.trail.map((key) => looking.chart(key)?.map.call ?? "").filter(Boolean);
  const [first = shown, ...paths] = calls;
  if (!first) return own;
  const lines = [study];
  const measure = (name: string, call: string) => {
    lines.push(`${name} = ${call}`);
    if (looking.pair === null) return;
    lines.push(
      `${name}_alone = ${name}.on_pair(${looking.pair})  # as drawn: ${pairName(looking.pair)} alone`,
    );
  };
  measure("result", first);
  paths.forEach((call, place) => {
    measure(`paths${paths.length > 1 ? `_${place + 1}` : ""}`, call);
  });
  const { pinnedNodes } = looking;
  if (pinnedNodes.length && looking.setting) {
    const circuit = measuredOf(payload, looking);
    const made = circuit && callOf(circuit, study, looking.pinnedPaths);
    lines.push(`circuit = ${withResult(made || callFor(looking), first)}`);
  }
  return lines.join("\n");
}

/** Returns the call that measured a circuit; empty where it was in another study or has other paths. */
function callOf({ code, edges }: Circuit, study: string, paths: string[]): string {
  const [own, call = ""] = code.split("\ncircuit = ");
  const drawn = new Set(edges.map(({ path }) => path));
  const same = drawn.size === paths.length && paths.every((path) => drawn.has(path));
  return own === study && same ? call : "";
}

/** Returns the call that an explorer makes for what is pinned; `patchwidgets.widgets.explorer`. */
function callFor(looking: Looking): string {
  const { pinnedNodes, pinnedPaths, prefix } = looking;
  const heads = looking.chart(`${prefix}heads`)?.map;
  const given = [listed(pinnedNodes)];
  if (pinnedPaths.length) given.push(`paths=${listed(pinnedPaths)}`);
  if (pinnedNodes.some((node) => /^[^@]*\.mlp_out(@|$)/.test(node))) given.push(`mlps='counted'`);
  if (heads?.progress.state === "done") given.push(`order=${heads.call || "study.sweep('heads')"}`);
  return `study.circuit(${given.join(", ")})`;
}

/** Returns a call with the name of the first map in the place of the call that measured it. */
function withResult(call: string, first: string): string {
  const order = `order=${first})`;
  return call.endsWith(order) ? `${call.slice(0, -order.length)}order=result)` : call;
}

/** Returns names as Python writes them. */
function listed(names: string[]): string {
  return `[${names.map((name) => `'${name.replace(/[\\']/g, "\\$&")}'`).join(", ")}]`;
}
