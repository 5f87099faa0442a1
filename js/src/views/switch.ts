import { button, h } from "../core/dom";

/** One of several things to choose from, all in sight. */
export class Switch<Name extends string> {
  readonly element: HTMLElement;
  private readonly choices: [Name, HTMLButtonElement][];

  constructor(label: string, options: [name: Name, text: string][], chosen: (name: Name) => void) {
    this.choices = options.map(([name, text]) => [
      name,
      button({ class: "pw-metric" }, () => chosen(name), text),
    ]);
    this.element = h(
      "span",
      { class: "pw-switch" },
      h("span", { class: "pw-muted" }, label),
      h(
        "span",
        { class: "pw-metrics", role: "group", "aria-label": label },
        ...this.choices.map(([, choice]) => choice),
      ),
    );
  }

  /** Offers some of the choices only: what was saved earlier may have fewer. */
  offer(names: readonly Name[]): void {
    for (const [name, choice] of this.choices) choice.hidden = !names.includes(name);
  }

  update(chosen: string): void {
    for (const [name, choice] of this.choices) {
      choice.setAttribute("aria-pressed", String(name === chosen));
    }
  }
}
