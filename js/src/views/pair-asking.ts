import type { Host } from "../core/host";
import type { PairCommand } from "../generated/views";
import type { Looking } from "./looking";

/** How long a pair is looked at before its maps are asked for: the reader may pass over many. */
const SETTLED_MS = 180;

/** Asks a kernel for the maps on the chosen pair that are looked at and not here. */
export class PairAsking {
  private timer = 0;
  private readonly asked = new Set<string>();

  look(looking: Looking, host: Host): void {
    window.clearTimeout(this.timer);
    if (!host.live) this.asked.clear();
    const shown = looking.trail.slice(-2).flatMap((key) => looking.drawn(key) ?? []);
    const wanted = shown.flatMap(({ map, pair }): PairCommand[] => {
      if (!pair) return [];
      const command = { command: "pair", map: map.key, prompt: pair.prompt } as const;
      const written = JSON.stringify(command);
      if (pair.here) this.asked.delete(written);
      return pair.here || this.asked.has(written) ? [] : [command];
    });
    if (!host.live || !wanted.length) return;
    this.timer = window.setTimeout(() => {
      for (const command of wanted) {
        this.asked.add(JSON.stringify(command));
        host.command(command);
      }
    }, SETTLED_MS);
  }

  destroy(): void {
    window.clearTimeout(this.timer);
  }
}
