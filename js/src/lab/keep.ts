import type { IRenderMime } from "@jupyterlab/rendermime";
import { type Explorer, type Heatmap, MIME_TYPE } from "../generated/views";
import type { LiveModel } from "../widget/live";

const SETTLED_MS = 400;

/** What `PatchWidget.send_bundle` sends. */
interface StoreMessage {
  kind: "store";
  bundle: Record<string, { header?: unknown }>;
}

/**
 * Keeps what an output stores as new as what it shows, until `signal` aborts.
 *
 * A kernel updates only outputs that this page has seen being made: after a reload, what was
 * measured since the last save would be shown but not saved.
 */
export function keep(
  output: () => IRenderMime.IMimeModel,
  model: LiveModel,
  signal: AbortSignal,
): void {
  let timer = 0;
  const look = () => {
    const shown = model.get("header");
    const going = mapsOf(shown)?.some(({ progress }) => /running|waiting/.test(progress.state));
    if (!going && stageOf(shown) !== stageIn(output())) model.send({ command: "store" });
  };
  const soon = () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(look, SETTLED_MS);
  };
  const take = (message: Partial<StoreMessage>) => {
    const data = message?.kind === "store" ? message.bundle : undefined;
    if (data && stageOf(data[MIME_TYPE]?.header) !== stageIn(output())) {
      output().setData({ data: data as IRenderMime.IMimeModel["data"] });
    }
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

function stageIn(output: IRenderMime.IMimeModel): string {
  const data = output.data[MIME_TYPE] as { header?: unknown } | undefined;
  return stageOf(data?.header);
}

/** Returns which maps there are and how far each is measured, or all that a view without maps says. */
function stageOf(header: unknown): string {
  const maps = mapsOf(header);
  if (!maps) return JSON.stringify(header);
  const { details, circuit } = header as Partial<Explorer>;
  const measured = maps.map(({ key, progress }) => [key, progress.state, progress.done]);
  const looked = details?.map(({ map, node, prompt }) => [map, node, prompt]);
  return JSON.stringify([measured, looked, circuit?.progress]);
}

function mapsOf(header: unknown): Heatmap[] | undefined {
  return (header as { maps?: Heatmap[] } | null | undefined)?.maps;
}
