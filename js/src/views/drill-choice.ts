import { button, fill, focusedAt, h } from "../core/dom";
import { questionOf, type Way } from "../core/nodes";
import type { Box } from "./heatmap";
import { place } from "./tooltip";

/** One way on, and whether it can be taken at once. */
export interface Choice {
  way: Way;
  /** `here`: in the payload; `kernel`: to be measured; `neither`: only an explanation. */
  state: "here" | "kernel" | "neither";
}

/** Returns a button for each way on, with what it leads to. */
export function choiceButtons(
  choices: Choice[],
  role: "menuitem" | null,
  pick: (way: Way) => void,
): HTMLButtonElement[] {
  return choices.map(({ way, state }) => {
    const title = { here: "", kernel: "will be measured", neither: "not measured" }[state];
    return button(
      { class: `pw-choice pw-choice-${state}`, role, title },
      () => pick(way),
      h("b", {}, way.letter),
      h("span", {}, ` ${labelOf(way)}`),
    );
  });
}

function labelOf(way: Way): string {
  if (way.sender || way.name === "logits") return questionOf(way);
  return way.note ? `${way.name} (${way.note})` : way.name;
}

/** The menu beside a node: which of its inputs to open, or where it writes to. */
export class DrillMenu {
  readonly element = h("div", { class: "pw-menu", role: "menu", hidden: true });
  private choices: Choice[] = [];

  constructor(
    private readonly pick: (way: Way) => void,
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
      ...choiceButtons(choices, "menuitem", (way) => this.take(way)),
    );
    this.element.hidden = false;
    place(this.element, box);
    if (focus) this.buttons()[0]?.focus({ preventScroll: true });
  }

  hide(): void {
    this.element.hidden = true;
  }

  private take(way: Way): void {
    this.hide();
    this.closed();
    this.pick(way);
  }

  private buttons(): HTMLButtonElement[] {
    return [...this.element.querySelectorAll("button")];
  }

  private key(event: KeyboardEvent): void {
    const { key } = event;
    const choice = this.choices.find(({ way }) => way.letter === key);
    const step = { ArrowDown: 1, ArrowUp: -1 }[key];
    if (key === "Escape" || key === "Backspace") {
      this.hide();
      this.closed();
    } else if (choice) this.take(choice.way);
    else if (step) this.focusNext(step);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private focusNext(step: number): void {
    const buttons = this.buttons();
    const at = buttons.indexOf(focusedAt(this.element) as HTMLButtonElement);
    buttons[(at + step + buttons.length) % buttons.length]?.focus();
  }
}
