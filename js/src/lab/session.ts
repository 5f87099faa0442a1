import type { JupyterFrontEnd } from "@jupyterlab/application";
import type { ISessionContext } from "@jupyterlab/apputils";
import { panelsOf } from "./notebooks";

const RETRY_MS = 250;
const RETRIES = 40;
const ENDED: ReadonlySet<string> = new Set(["restarting", "autorestarting", "terminating", "dead"]);

/** What is heard of the session behind an output. */
export interface Listener {
  /** It is known: outputs can be drawn before the notebook around them is. */
  found(session: ISessionContext): void;
  /** Its kernel ended. */
  ended(): void;
  /** It has left its kernel, which may go on for others. */
  left(connection: unknown): void;
}

/** Tells a listener of the session behind an output, until `signal` aborts. */
export function watchSession(
  app: JupyterFrontEnd,
  resolver: unknown,
  listener: Listener,
  signal: AbortSignal,
): void {
  let tries = 0;
  const look = () => {
    const session = signal.aborted ? undefined : sessionOf(app, resolver);
    if (session) {
      listener.found(session);
      watch(session, listener, signal);
    } else if (!signal.aborted && tries++ < RETRIES) window.setTimeout(look, RETRY_MS);
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

function watch(session: ISessionContext, listener: Listener, signal: AbortSignal): void {
  const onStatus = (_: unknown, status: string) => {
    if (ENDED.has(status)) listener.ended();
  };
  const onKernel = (_: unknown, change: { oldValue?: unknown }) => {
    if (change.oldValue) listener.left(change.oldValue);
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
