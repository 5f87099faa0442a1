import type { ComparisonPayload } from "../core/comparison";
import { h } from "../core/dom";
import type { Host } from "../core/host";
import type { Payload } from "../core/payload";
import { splitKey } from "../core/settings";
import { ComparisonView } from "./comparison";
import type { Looking } from "./looking";

/** A first map in all the settings that were measured, in the place of the maps. */
export class ExplorerCompare {
  private readonly note = h("div", { class: "pw-muted" }, "asked for");
  readonly element = h("div", { class: "pw-beside", hidden: true }, this.note);
  private view: ComparisonView | null = null;
  private shown: ComparisonPayload | null = null;

  constructor(private readonly selected: (node: string) => void) {}

  /** Shows the comparison of a tab, or that it was asked for; null shows nothing. */
  update({ header, comparison }: Payload, host: Host, tab: string | null): void {
    this.element.hidden = tab === null;
    if (tab === null) {
      this.clear();
      return;
    }
    const payload = header.compared === tab ? comparison : null;
    this.note.hidden = payload !== null;
    if (payload === this.shown) {
      this.view?.connect(this.inside(host));
      return;
    }
    this.shown = payload;
    if (!payload) this.clear();
    else if (this.view) this.view.update(payload);
    else this.view = new ComparisonView(this.element, payload, this.inside(host));
  }

  destroy(): void {
    this.clear();
  }

  private clear(): void {
    this.view?.destroy();
    this.view = null;
    this.shown = null;
  }

  /** What is chosen here is of this place alone, except for the node. */
  private inside(host: Host): Host {
    return {
      live: host.live,
      preferences: host.preferences,
      setState: ({ selection }) => {
        if (selection) this.selected(selection);
      },
      command: (asked) => host.command(asked),
    };
  }
}

/** Returns whether there are two ways or more in which a tab was measured to its end. */
export function isComparable(
  { header, charts }: Payload,
  looking: Looking,
  live: boolean,
): boolean {
  const tab = looking.first.slice(looking.prefix.length);
  if (!live) return header.compared === tab && header.comparison !== null;
  const done = charts.filter(({ map }) => {
    const [, own] = splitKey(map.key, looking.settings);
    return own === tab && map.progress.state === "done";
  });
  return done.length * (done[0]?.map.metrics.length ?? 0) > 1;
}
