import { type Chart, Status } from "../core/chart";
import type { Payload } from "../core/payload";
import type { DetailCommand } from "../generated/views";
import type { Looking } from "./looking";

/** How long a cell is looked at before more is asked of it: the arrow keys pass over many. */
const SETTLED_MS = 180;

/** Asks for what is known of the cell that is looked at, beyond what its map says. */
export class Closer {
  private timer = 0;
  private asked = "";

  constructor(private readonly ask: (command: DetailCommand) => void) {}

  /** Asks for details of the selected cell, unless they are here or on their way. */
  look(payload: Payload, looking: Looking, chart: Chart): void {
    window.clearTimeout(this.timer);
    const { active: map, selection: node, prompt } = looking;
    const cell = looking.cellIn(map);
    const status = chart.status[cell];
    const measured = status === Status.measured || status === Status.identity;
    const wanted = JSON.stringify([map, node, prompt]);
    if (cell < 0 || !measured || wanted === this.asked || isHere(payload, looking)) return;
    this.timer = window.setTimeout(() => {
      this.asked = wanted;
      this.ask({ command: "detail", map, node, prompt });
    }, SETTLED_MS);
  }

  /** Whether details of the selected cell are on their way. */
  isWaiting(payload: Payload, looking: Looking): boolean {
    const { active, selection, prompt } = looking;
    const wanted = JSON.stringify([active, selection, prompt]);
    return this.asked === wanted && !isHere(payload, looking);
  }

  destroy(): void {
    window.clearTimeout(this.timer);
  }
}

/** Returns whether details of the selected cell are here, with patterns on the chosen pair. */
function isHere({ details }: Payload, { active, selection, prompt }: Looking): boolean {
  return details.some(
    ({ header }) =>
      header.map === active &&
      header.node === selection &&
      (header.prompt === prompt || !header.patterns.length),
  );
}
