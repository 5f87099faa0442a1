import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ISessionContext } from "@jupyterlab/apputils";
import { panelsOf } from "./notebooks";

const RETRY_MS = 250;
const RETRIES = 40;
const GONE: ReadonlySet<string> = new Set(["restarting", "autorestarting", "terminating", "dead"]);

/** Calls back whenever the kernel behind an output ends, until `signal` aborts. */
export function watchSession(
  app: JupyterFrontEnd,
  resolver: unknown,
  gone: () => void,
  signal: AbortSignal,
): void {
  let tries = 0;
  const look = () => {
    const session = signal.aborted ? undefined : sessionOf(app, resolver);
    if (session) watch(session, gone, signal);
    else if (!signal.aborted && tries++ < RETRIES) window.setTimeout(look, RETRY_MS);
  };
  look();
}

function sessionOf(app: JupyterFrontEnd, resolver: unknown): ISessionContext | undefined {
  if (!resolver) return undefined;
  for (const panel of panelsOf(app)) {
    if (panel.content.rendermime?.resolver === resolver) return panel.sessionContext;
  }
  return undefined;
}

function watch(session: ISessionContext, gone: () => void, signal: AbortSignal): void {
  const onStatus = (_: unknown, status: string) => {
    if (GONE.has(status)) gone();
  };
  const onKernel = (_: unknown, change: { oldValue?: unknown }) => {
    if (change.oldValue) gone();
  };
  session.statusChanged.connect(onStatus);
  session.kernelChanged.connect(onKernel);
  signal.addEventListener(
    "abort",
    () => {
      session.statusChanged.disconnect(onStatus);
      session.kernelChanged.disconnect(onKernel);
    },
    { once: true },
  );
}
