import { button, fill, h } from "../core/dom";
import type { Asking } from "./asking";

/** Asks whether something that takes long is to be measured all the same. */
export class ConfirmView {
  readonly element = h("div", { class: "pw-confirm", role: "group", hidden: true });
  private shown = "";

  /** @param answered Called once the reader has said whether it is. */
  constructor(
    private readonly asking: Asking,
    private readonly answered: () => void,
  ) {}

  /** @param first Key of the first map, which asks in its own place. */
  update(first: string): void {
    const { doubt } = this.asking;
    const said = doubt && doubt.key !== first ? `${doubt.what} This takes ${doubt.cost}.` : "";
    // Focus stays on a button while maps stream in.
    if (said === this.shown) return;
    this.shown = said;
    this.element.hidden = !said;
    this.element.setAttribute("aria-label", said);
    fill(
      this.element,
      h("span", {}, said),
      this.choice("Measure it all the same", () => this.asking.insist()),
      this.choice("Leave it", () => this.asking.forget()),
    );
  }

  private choice(label: string, act: () => void): HTMLButtonElement {
    const press = () => {
      act();
      this.answered();
    };
    return button({ class: "pw-button" }, press, label);
  }
}
