import type { QuestionStep } from "../generated/views";

type State = QuestionStep["state"];

/** How the questions of one kernel session stand on this page; `change` fires when that changes. */
class Tally extends EventTarget {
  private readonly states = new Map<string, State>();
  private readonly asked = new Set<string>();

  /** Takes over what a payload says of all questions, except of those that stand here. */
  learn(steps: QuestionStep[]): void {
    for (const { id, state } of steps) if (!this.asked.has(id)) this.states.set(id, state);
  }

  /** Says how a question that stands here does. */
  put(id: string, state: State): void {
    this.asked.add(id);
    if (this.states.get(id) === state) return;
    this.states.set(id, state);
    this.dispatchEvent(new Event("change"));
  }

  get right(): number {
    return [...this.states.values()].filter((state) => state === "right").length;
  }

  get total(): number {
    return this.states.size;
  }
}

const sessions = new Map<string, Tally>();

/** Returns the score of the questions that one kernel asked. */
export function tallyOf(session: string): Tally {
  const tally = sessions.get(session) ?? new Tally();
  sessions.set(session, tally);
  return tally;
}
