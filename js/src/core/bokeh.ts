import { h } from "./dom";

/** A figure as the JSON that Python makes of it. */
export interface FigureItem {
  doc: unknown;
  root_id: string;
  version: string;
}

/** As much of a Bokeh model as is used here. */
export interface BokehModel {
  readonly type: string;
  readonly tags: unknown[];
  setv(change: Record<string, unknown>): void;
}

export interface BokehSource extends BokehModel {
  get_column(name: string): ArrayLike<unknown> | null;
  readonly selected: {
    indices: number[];
    readonly properties: { readonly indices: { readonly change: BokehSignal } };
  };
}

export interface BokehSignal {
  connect(callback: () => void): void;
  disconnect(callback: () => void): void;
}

/** A figure on the page. */
export interface BokehViews {
  readonly roots: { readonly model: { readonly document: BokehDocument | null } }[];
  clear(): void;
}

export interface BokehDocument {
  readonly all_models: Iterable<BokehModel>;
}

/** As much of BokehJS as is used here. */
export interface Bokeh {
  readonly embed: {
    embed_item(item: FigureItem, target: HTMLElement): Promise<BokehViews>;
  };
}

/** What the page shares: the two bundles that may want BokehJS must not fetch it twice. */
interface Page {
  Bokeh?: Bokeh & Record<string, Bokeh | undefined>;
  __patchwidgetsBokeh1?: Map<string, Promise<Bokeh>>;
}

const page = globalThis as unknown as Page;

/** Returns the page's BokehJS of this version, if it has one. */
export function bokehOnPage(version: string): Bokeh | undefined {
  return page.Bokeh?.[version];
}

/**
 * Returns BokehJS, and gives its code to the page where no one has yet.
 *
 * `fetchCode` is asked only if nobody else is fetching it; where they give up, it is asked after all.
 */
export async function loadBokeh(version: string, fetchCode: () => Promise<string>): Promise<Bokeh> {
  page.__patchwidgetsBokeh1 ??= new Map();
  const loading = page.__patchwidgetsBokeh1;
  for (;;) {
    const found = bokehOnPage(version);
    if (found) return found;
    const others = loading.get(version);
    if (!others) break;
    await others.catch(() => undefined);
  }
  const mine = fetchCode()
    .then(run)
    .then(() => {
      const found = bokehOnPage(version);
      if (!found) throw new Error(`The script did not bring BokehJS ${version}.`);
      return found;
    });
  loading.set(version, mine);
  try {
    return await mine;
  } finally {
    loading.delete(version);
  }
}

/** Runs a script that came as text. */
function run(code: string): Promise<void> {
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const script = h("script", { src: url });
  const done = new Promise<void>((resolve, reject) => {
    script.onload = () => resolve();
    script.onerror = () => reject(new Error("The page does not run scripts from a kernel."));
  });
  document.head.append(script);
  return done.finally(() => {
    script.remove();
    URL.revokeObjectURL(url);
  });
}
