import { css } from "../core/color";
import { fill, freshId, h } from "../core/dom";
import type { Theme } from "../core/theme";
import type { Question } from "../generated/views";

/** Where the reader answers: explanations to choose from, a number, or a node of a map. */
export class QuestionField {
  readonly element: HTMLElement;
  private readonly input = h("input", {
    type: "text",
    class: "pw-answer",
    autocomplete: "off",
    spellcheck: "false",
    "data-lm-suppress-shortcuts": "true",
  });
  private readonly map = h("div", { class: "pw-answer-map", "aria-hidden": "true" });
  private readonly choices = new Map<string, HTMLInputElement>();
  private drawn = "";

  /** @param picked Called with the text that is picked, before it is given. */
  constructor(
    question: Question,
    private readonly picked: (text: string) => void,
  ) {
    this.element = question.kind === "choice" ? this.radios(question) : this.typed(question);
  }

  /** What is picked and not yet given. */
  get value(): string {
    if (!this.choices.size) return this.input.value;
    return [...this.choices].find(([, { checked }]) => checked)?.[0] ?? "";
  }

  set value(text: string) {
    const choice = this.choices.get(text);
    if (choice) choice.checked = true;
    else if (!this.choices.size && this.input.value !== text) this.input.value = text;
    this.mark();
  }

  focus(): void {
    (this.choices.values().next().value ?? this.input).focus();
  }

  /** @param open Whether the map may show what was measured. */
  update(question: Question, open: boolean, theme: Theme): void {
    if (question.kind !== "node") return;
    const drawn = JSON.stringify([question.answers, open, theme.palette]);
    if (drawn !== this.drawn) this.draw(question, open, theme);
    this.drawn = drawn;
    this.mark();
  }

  private radios({ title, answers }: Question): HTMLElement {
    const name = freshId("choice");
    const lines = answers.map(({ text }) => {
      const input = h("input", { type: "radio", name, "data-lm-suppress-shortcuts": "true" });
      this.choices.set(text, input);
      return h("label", { class: "pw-explanation" }, input, h("span", {}, text));
    });
    return h("div", { role: "radiogroup", "aria-label": title, class: "pw-choices" }, ...lines);
  }

  private typed({ kind, title, answers }: Question): HTMLElement {
    const id = freshId("answer");
    const list = h("datalist", { id: `${id}-list` });
    const node = kind === "node";
    this.input.id = id;
    this.input.setAttribute("aria-label", `${node ? "Node" : "Number"}: ${title}`);
    if (node) {
      fill(list, ...answers.map(({ text }) => h("option", { value: text })));
      this.input.setAttribute("list", list.id);
      this.input.placeholder = answers[0]?.text ?? "";
    } else this.input.inputMode = "decimal";
    this.input.oninput = () => {
      this.mark();
      if (node) this.picked(this.input.value);
    };
    const label = h("label", { for: id }, node ? "Node" : "Number");
    return h(
      "div",
      { class: "pw-answer-place" },
      h("div", { class: "pw-answer-line" }, label, this.input, node && list),
      node && this.map,
    );
  }

  /** Draws the map small, for a mouse: the field beside it does all that it does. */
  private draw({ rows, columns, answers }: Question, open: boolean, theme: Theme): void {
    const cells = new Map(answers.map((one) => [one.cell, one]));
    this.map.style.setProperty("--pw-columns", String(columns.length));
    const line = (label: string, row: number) => [
      h("span", { class: "pw-answer-row" }, label),
      ...columns.map((_, column) => {
        const answer = cells.get(row * columns.length + column);
        if (!answer) return h("span", {});
        const { text, response, share } = answer;
        const cell = h("button", {
          type: "button",
          tabindex: -1,
          class: "pw-answer-cell",
          title: open ? response : text,
          "data-node": text,
        });
        if (open && share !== null) cell.style.background = css(theme.palette.at(share));
        cell.onclick = () => {
          this.value = text;
          this.picked(text);
          this.input.focus();
        };
        return cell;
      }),
    ];
    const head = [h("span", {}), ...columns.map((label) => h("span", {}, label))];
    fill(this.map, ...head, ...rows.flatMap(line));
  }

  private mark(): void {
    for (const cell of this.map.querySelectorAll<HTMLElement>("[data-node]")) {
      const chosen = cell.dataset.node?.toLowerCase() === this.input.value.trim().toLowerCase();
      cell.classList.toggle("pw-answer-chosen", chosen);
    }
  }
}
