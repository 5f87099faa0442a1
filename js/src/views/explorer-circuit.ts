import { Status } from "../core/chart";
import { isPinned, type Pin, pinnedCircuit } from "../core/circuit";
import { button, h } from "../core/dom";
import { keyOf, nodesOf } from "../core/nodes";
import { endsOf } from "../core/path";
import type { Payload } from "../core/payload";
import { splitKey } from "../core/settings";
import type { Theme } from "../core/theme";
import type { Circuit } from "../generated/views";
import { CircuitView } from "./circuit";
import type { Looking } from "./looking";

/** Everything the circuit depends on. */
export interface PinnedProps {
  payload: Payload;
  looking: Looking;
  theme: Theme;
  width: number;
  live: boolean;
}

/** What the reader does with the circuit. */
export interface PinnedEvents {
  select(node: string): void;
  remove(node: string): void;
  measure(): void;
  /** Stops the measuring. */
  stop(): void;
}

/** What was pinned, as a graph, with how much it carries once that is measured. */
export class ExplorerCircuit {
  private readonly view: CircuitView;
  private readonly measure: HTMLButtonElement;
  private readonly stop: HTMLButtonElement;
  readonly element: HTMLElement;

  constructor(events: PinnedEvents) {
    this.view = new CircuitView(events);
    this.measure = button({ class: "pw-button" }, () => events.measure(), "");
    this.stop = button({ class: "pw-button" }, () => events.stop(), "Cancel");
    this.element = h(
      "section",
      { class: "pw-pinned", "aria-label": "pinned circuit" },
      h("div", { class: "pw-subtitle", role: "heading", "aria-level": 3 }, "Pinned circuit"),
      this.view.element,
      this.measure,
      this.stop,
    );
  }

  update({ payload, looking, theme, width, live }: PinnedProps): void {
    const { pinnedNodes: pins } = looking;
    const measured = measuredOf(payload, looking);
    this.element.hidden = !payload.header.drills || (!pins.length && !measured);
    if (this.element.hidden) return;
    const loose = pathsBetween(payload, looking);
    const circuit = shownOf(payload, looking, measured, loose);
    const { selection: selected, metric } = looking;
    const unpinned = new Set(loose.map(({ name }) => name));
    this.view.update({ circuit, selected, theme, width, metric, unpinned });
    const state = measured?.progress?.state;
    this.stop.hidden = !live || (state !== "running" && state !== "waiting");
    this.measure.hidden =
      !live || (measured !== null && state !== "cancelled" && state !== "failed");
    this.measure.textContent =
      pins.length === 1
        ? "Measure how much this node carries"
        : `Measure how much these ${pins.length} nodes carry`;
  }

  destroy(): void {
    this.view.destroy();
  }
}

/** Returns the circuit that was measured, if it is of just what is pinned, as it is looked at. */
export function measuredOf({ header }: Payload, looking: Looking): Circuit | null {
  const { circuit, circuit_setting: key } = header;
  if (!circuit || (typeof key === "string" && !countsIn(key, looking))) return null;
  const names = circuit.nodes
    .filter(isPinned)
    .map(({ name }) => name)
    .sort();
  return names.join() === [...looking.pinnedNodes].sort().join() ? circuit : null;
}

/** Returns whether a circuit of a setting is one of what is looked at: its direction is no matter. */
function countsIn(key: string, { settings, wanted }: Looking): boolean {
  const own = settings.find((setting) => setting.key === key);
  const same = own?.metrics.join() === wanted.metrics.join();
  return same && own?.corruption === wanted.corruption;
}

/** Returns what was pinned and the other paths that were measured between it, with all effects. */
function shownOf(
  payload: Payload,
  looking: Looking,
  measured: Circuit | null,
  loose: Pin[],
): Circuit {
  const { header, charts } = payload;
  const each = header.heads_per_kv_head;
  const first = looking.chart(looking.first) ?? charts[0];
  const index = first?.metricIndex(looking.metric) ?? 0;
  const nodes = looking.pinnedNodes.map((name) => ({ name, effect: effectIn(looking, name) }));
  const paths = looking.pinnedPaths.map((name) => ({
    name,
    effect: effectAlong(payload, looking, name),
  }));
  const normalized = first?.metric(index).normalized ?? true;
  const drawn = pinnedCircuit(
    nodes,
    [...paths, ...loose],
    each,
    normalized ? "normalized effect" : "effect",
  );
  return measured
    ? { ...measured, nodes: drawn.nodes, edges: drawn.edges, effects: drawn.effects }
    : drawn;
}

/** Returns the normalized effect of a node by itself, on whichever first map has it. */
function effectIn(looking: Looking, name: string): number | null {
  for (const tab of [looking.first, `${looking.prefix}heads`, `${looking.prefix}mlp`]) {
    const chart = looking.chart(tab);
    const cell = chart?.cellOf(name) ?? -1;
    if (chart && cell >= 0) return chart.read(chart.metricIndex(looking.metric), cell).value;
  }
  return null;
}

/** Returns the effect of a path: in the form that is chosen, or else in one that was measured. */
function effectAlong({ header }: Payload, looking: Looking, path: string): number | null {
  const [sender, receiver] = endsOf(path);
  const forms = header.offers?.forms.map(({ value }) => value) ?? [];
  for (const form of [looking.form, "", ...forms]) {
    for (const [ends, cell] of [
      [{ receiver, sender: "" }, sender],
      [{ receiver: "", sender }, receiver],
    ] as const) {
      const chart = looking.chart(looking.prefix + keyOf(ends, form));
      const at = chart?.cellOf(cell) ?? -1;
      if (chart?.status[at] !== Status.measured) continue;
      return chart.read(chart.metricIndex(looking.metric), at).value;
    }
  }
  return null;
}

/** Returns every other path from a pinned node into one, or the logits, that was measured. */
function pathsBetween({ header, charts }: Payload, looking: Looking): Pin[] {
  const found: Pin[] = [];
  const own = looking.form === "pinned" ? "" : looking.form;
  for (const chart of charts) {
    const [setting, key] = splitKey(chart.map.key, looking.settings);
    const [, about = "", form = ""] = /^(.*?)(?: \(([a-z_]+)\))?$/.exec(key) ?? [];
    const receives = nodesOf(about, header.heads_per_kv_head);
    const into = about === "logits" || receives.some((node) => looking.pins.includes(node));
    // One form only: two numbers for one line would say nothing.
    const other = setting.key !== looking.prefix || form !== own;
    if (other || !into || about.startsWith("from ")) continue;
    for (const sender of looking.pinnedNodes) {
      if (looking.pins.includes(`${sender} -> ${about}`)) continue;
      const cell = chart.cellOf(sender);
      if (cell < 0 || chart.status[cell] !== Status.measured) continue;
      const { value } = chart.read(chart.metricIndex(looking.metric), cell);
      found.push({ name: `${sender} -> ${about}`, effect: value });
    }
  }
  return found;
}
