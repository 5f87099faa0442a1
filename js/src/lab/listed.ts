import { MIME_TYPE } from "../generated/views";
import { live } from "../widget/live";
import type { Cell, Panel } from "./notebooks";

/** How far the maps of an output are, and whether a kernel answers for it. */
export type State = "measuring" | "measured" | "stored" | "needs a kernel" | "cannot be drawn";

/** One of our outputs in a notebook. */
export interface Listed {
  cell: number;
  title: string;
  /** Model, number of maps, and what else tells it apart. */
  about: string;
  state: State;
  /** What a reader can do about it. */
  says: string;
}

const SAYS: Record<State, string> = {
  measuring: "a kernel is measuring it",
  measured: "measured; its kernel answers clicks",
  stored: "stored in the notebook; what was measured can be clicked",
  "needs a kernel": "not measured to the end; run its cell again with a kernel",
  "cannot be drawn": "damaged, or of a newer patchwidgets",
};

interface Header {
  title: string;
  facts?: { label: string; value: string }[];
  /** Views without maps, such as attention patterns, are measured when they are made. */
  maps?: { title: string; progress: { state: string; done: number; total: number } }[];
}

/** Returns our outputs of a notebook, in the order of its cells. */
export function listed(panel: Panel): Listed[] {
  return (panel.content.widgets ?? []).flatMap((cell, index) =>
    bundlesIn(cell).map((bundle) => entry(bundle, index)),
  );
}

function bundlesIn(cell: Cell): unknown[] {
  if (cell.model.type !== "code") return [];
  const { outputs = [] } = cell.model.toJSON();
  return outputs.map(({ data }) => data?.[MIME_TYPE]).filter((bundle) => bundle !== undefined);
}

function entry(bundle: unknown, cell: number): Listed {
  const { live_id: id, header: saved } = (bundle ?? {}) as { live_id?: string; header?: unknown };
  const model = id ? live().models.get(id) : undefined;
  const header = (model?.get("header") ?? saved) as Header | undefined;
  try {
    const state = stateOf(header as Header, Boolean(model));
    const { title, facts = [], maps = [] } = header as Header;
    const parts = [facts.find(({ label }) => label === "model")?.value];
    if (maps.length) parts.push(maps.length > 1 ? `${maps.length} maps` : maps[0]?.title);
    const going = maps.find(({ progress }) => progress.state === "running")?.progress;
    const far = going && state === "measuring" ? `, ${going.done} of ${going.total}` : "";
    const about = parts.filter(Boolean).join(" · ");
    return { cell, title, about, state, says: SAYS[state] + far };
  } catch {
    const state = "cannot be drawn";
    return { cell, title: "An output of patchwidgets", about: "", state, says: SAYS[state] };
  }
}

function stateOf({ maps = [] }: Header, answers: boolean): State {
  const states = maps.map(({ progress }) => progress.state);
  const going = states.some((state) => state === "running" || state === "waiting");
  if (answers) return going ? "measuring" : "measured";
  return states.every((state) => state === "done") ? "stored" : "needs a kernel";
}
