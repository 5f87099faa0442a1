import type { Chart } from "../core/chart";
import type { Host } from "../core/host";
import { questionOf, type Way } from "../core/nodes";
import type { Payload } from "../core/payload";
import { DEFAULTS } from "../core/preferences";
import { costOf } from "../core/settings";
import type { Looking } from "./looking";
import { mapOf } from "./ways";

/** A map that is opened from another. */
export interface Opening {
  from: string;
  key: string;
}

/** Asks a kernel for maps and circuits, one map at a time, and remembers what it asked for. */
export class Asking {
  private opening: Opening | null = null;
  /** Key of the first map that takes long and that the reader has asked for once. */
  private doubted = "";

  constructor(private readonly say: (text: string) => void) {}

  /** Returns whether a map was asked for and has not come. */
  waitsFor(key: string): boolean {
    return this.opening?.key === key;
  }

  /** Returns whether the reader has to say once more that a map is to be measured. */
  doubts(key: string): boolean {
    return this.doubted === key;
  }

  forget(): void {
    this.opening = null;
  }

  /** Returns what was asked for, once it is here; null otherwise. */
  arrived(looking: Looking): Opening | null {
    return this.opening && looking.chart(this.opening.key) ? this.opening : null;
  }

  /** Takes a way on; returns the map to open where it is here. */
  take(from: string, way: Way, looking: Looking, host: Host): Opening | null {
    const { receiver, sender, name } = way;
    const key = mapOf(way, looking);
    const chart = looking.chart(key);
    if (chart && !(host.live && isStopped(chart))) return { from, key };
    if (host.live) {
      this.opening = { from, key };
      this.say(`asked the kernel: ${questionOf(way)}`);
      const { prefix: setting, form } = looking;
      host.command({ command: "drill", receiver, sender, setting, form });
    } else {
      const call = sender ? `study.paths_from("${sender}")` : callFor(receiver);
      this.say(`${name} was not measured; run ${call} with a kernel`);
    }
    return null;
  }

  /** Asks for the first map that is not here; twice, where it takes longer than the reader likes. */
  measure(now: boolean, { header }: Payload, looking: Looking, host: Host): void {
    const { first, wanted, prefix } = looking;
    const tab = first.slice(prefix.length);
    const offered = header.offers?.tabs.find(({ key }) => key === tab);
    const { seconds } = costOf(offered, prefix);
    const { confirmSeconds } = host.preferences ?? DEFAULTS;
    if (confirmSeconds && seconds > confirmSeconds && !this.doubts(first)) {
      this.doubted = first;
      return;
    }
    const { direction, corruption, metrics } = wanted;
    this.opening = { from: first, key: first };
    host.command({ command: "sweep", tab, direction, corruption, metrics, now });
    this.say(`asked the kernel for ${first}`);
  }

  /** Asks how much of the behaviour the pinned nodes carry. */
  weigh({ pins, prefix: setting }: Looking, host: Host): void {
    host.command({ command: "circuit", nodes: [...pins], setting });
    this.say("asked the kernel how much the circuit carries");
  }
}

function isStopped({ map }: Chart): boolean {
  return map.progress.state === "cancelled" || map.progress.state === "failed";
}

function callFor(receiver: string): string {
  return `study.path(receivers=${JSON.stringify(receiver.split(", "))})`;
}
