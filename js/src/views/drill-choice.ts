import { button, fill, h } from "../core/dom";
import type { Receiver } from "../core/nodes";
import type { Box } from "./heatmap";
import { place } from "./tooltip";

/** One way on, and whether it can be taken at once. */
export interface Choice {
  receiver: Receiver;
  /** `here`: in the payload; `kernel`: to be measured; `neither`: only an explanation. */
  state: "here" | "kernel" | "neither";
}

/** Returns the buttons q, k and v with what each leads to. */
export function choiceButtons(
  choices: Choice[],
  role: "menuitem" | null,
  pick: (receiver: Receiver) => void,
): HTMLButtonElement[] {
  return choices.map(({ receiver, state }) => {
    const detail = receiver.note ? `${receiver.name} (${receiver.note})` : receiver.name;
    const title = { here: "", kernel: "will be measured", neither: "not measured" }[state];
    return button(
      { class: `pw-choice pw-choice-${state}`, role, title },
      () => pick(receiver),
      h("b", {}, receiver.input),
      h("span", {}, ` ${detail}`),
    );
  });
}

/** The menu beside a head: which of its inputs to open. */
export class DrillMenu {
  readonly element = h("div", { class: "pw-menu", role: "menu", hidden: true });
  private choices: Choice[] = [];

  constructor(
    private readonly pick: (receiver: Receiver) => void,
    private readonly closed: () => void,
    signal: AbortSignal,
  ) {
    this.element.addEventListener("keydown", (event) => this.key(event), { signal });
  }

  get open(): boolean {
    return !this.element.hidden;
  }

  show(name: string, choices: Choice[], box: Box, focus: boolean): void {
    this.choices = choices;
    this.element.setAttribute("aria-label", `What feeds ${name}`);
    fill(
      this.element,
      h("div", { class: "pw-menu-title" }, `What feeds ${name}?`),
      ...choiceButtons(choices, "menuitem", (receiver) => this.take(receiver)),
    );
    this.element.hidden = false;
    place(this.element, box);
    if (focus) this.buttons()[0]?.focus({ preventScroll: true });
  }

  hide(): void {
    this.element.hidden = true;
  }

  private take(receiver: Receiver): void {
    this.hide();
    this.closed();
    this.pick(receiver);
  }

  private buttons(): HTMLButtonElement[] {
    return [...this.element.querySelectorAll("button")];
  }

  private key(event: KeyboardEvent): void {
    const { key } = event;
    const choice = this.choices.find(({ receiver }) => receiver.input === key);
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (key === "Escape" || key === "Backspace") {
      this.hide();
      this.closed();
    } else if (choice) this.take(choice.receiver);
    else if (step) this.focusNext(step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private focusNext(step: number): void {
    const buttons = this.buttons();
    const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  }
}
