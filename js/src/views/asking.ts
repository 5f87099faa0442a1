import type { Chart } from "../core/chart";
import type { Host } from "../core/host";
import { questionOf, type Way } from "../core/nodes";
import type { Payload } from "../core/payload";
import { DEFAULTS } from "../core/preferences";
import { type Cost, costOf } from "../core/settings";
import type { Looking } from "./looking";
import { mapOf } from "./ways";

/** A map that is opened from another. */
export interface Opening {
  from: string;
  key: string;
}

/** Something that a kernel can measure. */
interface Wish {
  key: string;
  /** What is asked, in words. */
  what: string;
  /** Asks for it where it takes no more seconds than `limit`; 0 for no limit. */
  send(limit: number): void;
}

/** What the reader has to say once more, as it takes longer than they like. */
export interface Doubt extends Wish {
  cost: string;
}

/** Asks a kernel for maps and circuits, one map at a time, and remembers what it asked for. */
export class Asking {
  private opening: Opening | null = null;
  /** What was asked for with a limit, by its key. */
  private readonly sent = new Map<string, Wish & { limit: number }>();
  private doubted: Doubt | null = null;

  constructor(private readonly say: (text: string) => void) {}

  /** What takes long and was asked for once; null for nothing. */
  get doubt(): Doubt | null {
    return this.doubted;
  }

  /** Returns whether a map was asked for and has not come. */
  waitsFor(key: string): boolean {
    return this.opening?.key === key;
  }

  /** Returns whether the reader has to say once more that a map is to be measured. */
  doubts(key: string): boolean {
    return this.doubted?.key === key;
  }

  forget(): void {
    this.opening = this.doubted = null;
    this.sent.clear();
  }

  /** Asks for what takes long, whatever it takes. */
  insist(): void {
    const { doubted } = this;
    this.doubted = null;
    doubted?.send(0);
  }

  /** Hears that what was asked for takes longer than the reader likes. */
  hear(payload: Payload): void {
    for (const sent of this.sent.values()) {
      const cost = costIn(payload, sent.key);
      if (!cost || cost.seconds <= sent.limit) continue;
      this.sent.delete(sent.key);
      if (this.waitsFor(sent.key)) this.opening = null;
      this.hesitate(sent, cost);
    }
  }

  /** Returns what was asked for, once it is here; null otherwise. */
  arrived(looking: Looking): Opening | null {
    return this.opening && looking.chart(this.opening.key) ? this.opening : null;
  }

  /** Takes a way on; returns the map to open where it is here. */
  take(from: string, way: Way, payload: Payload, looking: Looking, host: Host): Opening | null {
    const { receiver, sender, name } = way;
    const key = mapOf(way, looking);
    const chart = looking.chart(key);
    if (chart && !(host.live && isStopped(chart))) return { from, key };
    if (host.live) {
      const { prefix: setting, form } = looking;
      const send = (limit: number) => {
        this.opening = { from, key };
        this.say(`asked the kernel: ${questionOf(way)}`);
        host.command({ command: "drill", receiver, sender, setting, form, limit });
      };
      this.ask({ key, what: questionOf(way), send }, costIn(payload, key), host);
    } else {
      const call = sender ? `study.paths_from("${sender}")` : callFor(receiver);
      this.say(`${name} was not measured; run ${call} with a kernel`);
    }
    return null;
  }

  /** Asks for the first map that is not here. */
  measure(now: boolean, { header }: Payload, looking: Looking, host: Host): void {
    const { first, wanted, prefix } = looking;
    const tab = first.slice(prefix.length);
    const offered = header.offers?.tabs.find(({ key }) => key === tab);
    const { direction, corruption, metrics } = wanted;
    const send = () => {
      this.opening = { from: first, key: first };
      host.command({ command: "sweep", tab, direction, corruption, metrics, now });
      this.say(`asked the kernel for ${first}`);
    };
    this.ask({ key: first, what: first, send }, costOf(offered, prefix), host);
  }

  /** Asks how much of the behaviour the pinned nodes carry. */
  weigh(payload: Payload, looking: Looking, host: Host): void {
    const { pinnedNodes: nodes, pinnedPaths: paths, prefix: setting } = looking;
    const send = (limit: number) => {
      host.command({ command: "circuit", nodes, paths, setting, limit });
      this.say("asked the kernel how much the circuit carries");
    };
    const key = `${setting}circuit ${nodes.join(", ")}`;
    this.ask({ key, what: "how much does the circuit carry?", send }, costIn(payload, key), host);
  }

  /** Asks for something; twice, where it is known to take longer than the reader likes. */
  private ask(wish: Wish, cost: Cost | null, host: Host): void {
    const { confirmSeconds } = host.preferences ?? DEFAULTS;
    const limit = this.doubts(wish.key) ? 0 : confirmSeconds;
    this.doubted = null;
    if (limit && cost && cost.seconds > limit) this.hesitate(wish, cost);
    else {
      if (limit) this.sent.set(wish.key, { ...wish, limit });
      wish.send(limit);
    }
  }

  private hesitate(wish: Wish, { words: cost }: Cost): void {
    this.doubted = { ...wish, cost };
    this.say(`${wish.what} This takes ${cost}.`);
  }
}

/** Returns what a kernel said that something takes; null where it said nothing. */
function costIn({ header }: Payload, key: string): Cost | null {
  const said = header.doubts?.find((one) => one.key === key);
  return said ? { words: said.cost, seconds: said.seconds } : null;
}

function isStopped({ map }: Chart): boolean {
  return map.progress.state === "cancelled" || map.progress.state === "failed";
}

function callFor(receiver: string): string {
  return `study.path(receivers=${JSON.stringify(receiver.split(", "))})`;
}
