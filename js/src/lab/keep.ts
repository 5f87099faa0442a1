import type { IRenderMime } from "@jupyterlab/rendermime";
import { alike } from "../core/alike";
import { headerOf } from "../core/payload";
import {
  type Circuit,
  type Explorer,
  type Heatmap,
  MIME_TYPE,
  type Progress,
} from "../generated/views";
import type { LiveModel } from "../widget/live";

const SETTLED_MS = 400;

/** What `PatchWidget.send_bundle` sends. */
interface StoreMessage {
  kind: "store";
  bundle: IRenderMime.IMimeModel["data"];
}

/** Where a header says how far something is measured, whichever view it is of. */
interface Going {
  maps?: Pick<Heatmap, "progress">[];
  circuit?: Pick<Circuit, "progress"> | null;
  progress?: Progress | null;
}

/**
 * Keeps what an output stores as new as what it shows, until `signal` aborts.
 *
 * A kernel updates only outputs that this page has seen being made: after a reload, what was
 * measured since the last save would be shown but not saved. Only a change of what is shown asks,
 * and once: what is stored never does, or an answer that differs would be asked for for ever.
 */
export function keep(
  output: () => IRenderMime.IMimeModel,
  model: LiveModel,
  signal: AbortSignal,
): void {
  let timer = 0;
  const look = () => {
    const shown = model.get("header");
    if (!isGoing(shown) && !says(output().data, shown)) model.send({ command: "store" });
  };
  const soon = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(look, SETTLED_MS);
  };
  const take = (message: Partial<StoreMessage>) => {
    const data = message?.kind === "store" ? message.bundle : undefined;
    if (data && !says(output().data, headerIn(data))) output().setData({ data });
  };
  model.on("change:header", soon);
  model.on("msg:custom", take);
  signal.addEventListener(
    "abort",
    () => {
      window.clearTimeout(timer);
      model.off("change:header", soon);
      model.off("msg:custom", take);
    },
    { once: true },
  );
  soon();
}

/** Whether an output stores a header, but for what maps would cost, which only a kernel offers. */
function says(data: IRenderMime.IMimeModel["data"], header: unknown): boolean {
  const [stored, shown] = [headerIn(data), header] as Partial<Explorer>[];
  return alike({ ...stored, offers: null }, { ...shown, offers: null });
}

function headerIn(data: IRenderMime.IMimeModel["data"]): unknown {
  return headerOf((data[MIME_TYPE] ?? {}) as Record<string, unknown>);
}

/** Whether anything is measured just now: its end is announced, too. */
function isGoing(header: unknown): boolean {
  const { maps = [], circuit, progress } = header as Going;
  const all = [...maps.map((map) => map.progress), circuit?.progress, progress];
  return all.some((one) => one && /running|waiting/.test(one.state));
}
