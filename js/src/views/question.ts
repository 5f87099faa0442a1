import { button, fill, h } from "../core/dom";
import type { Host } from "../core/host";
import {
  hintsOf,
  type QuestionPayload,
  readAnswer,
  stateOf,
  type Verdict,
  verdictOf,
} from "../core/question";
import { tallyOf } from "../core/tally";
import type { QuestionState } from "../generated/views";
import { Frame } from "./frame";
import { QuestionField } from "./question-field";

type Chosen = QuestionState & { selection: string };

const MARKS: Record<Verdict["kind"], [string, string]> = {
  none: ["", ""],
  waiting: ["…", ""],
  right: ["✓", "Right."],
  wrong: ["✕", "Not yet."],
  shown: ["→", "The answer:"],
};

/** A question, its hints and what is said of the reader's answer. */
export class QuestionView {
  private readonly frame: Frame;
  private readonly field: QuestionField;
  private readonly listening = new AbortController();
  private readonly hints = h("ol", { class: "pw-hints" });
  private readonly verdict = h("div", {
    class: "pw-verdict",
    role: "status",
    "aria-live": "polite",
  });
  private readonly points = h("span", { class: "pw-muted pw-score" });
  private readonly check = h(
    "button",
    { type: "submit", class: "pw-button pw-check", "data-lm-suppress-shortcuts": "true" },
    "Check",
  );
  private readonly hint = button({ class: "pw-button" }, () => this.askHint(), "Hint");
  private readonly show = button(
    { class: "pw-button" },
    () => this.showAnswer(),
    "Show the answer",
  );
  private chosen: Chosen;
  private said = "";

  constructor(
    parent: HTMLElement,
    private payload: QuestionPayload,
    private host: Host,
  ) {
    const { given, hinted, shown } = payload.header;
    this.chosen = { given, hinted, shown, selection: "" };
    this.frame = new Frame(parent, "pw-question", [this.points], () => this.render());
    this.field = new QuestionField(payload.header, (selection) => this.pick(selection));
    const form = h(
      "form",
      { class: "pw-question-form", novalidate: true },
      this.field.element,
      h("div", { class: "pw-question-buttons" }, this.check, this.hint, this.show),
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      this.answer();
    };
    // Not left to the browser: JupyterLab keeps Enter from submitting anything.
    form.onkeydown = (event) => {
      if (event.key !== "Enter" || !(event.target instanceof HTMLInputElement)) return;
      event.preventDefault();
      this.answer();
    };
    this.frame.body.append(form, this.hints, this.verdict);
    this.tally.addEventListener("change", () => this.score(), { signal: this.listening.signal });
    this.frame.watch();
    this.render();
  }

  get element(): HTMLElement {
    return this.frame.element;
  }

  /** What the reader has answered, and the node that is picked and not given yet. */
  get state(): Chosen {
    return this.chosen;
  }

  /** Draws the question as it stands now: what was measured meanwhile, or another score. */
  update(payload: QuestionPayload): void {
    this.payload = payload;
    this.render();
  }

  /** Takes over what the other side says the reader has answered. */
  choose(state: Partial<Chosen>): void {
    if (state.selection) this.field.value = state.selection;
    this.chosen = { ...this.chosen, ...state };
    this.render();
  }

  /** Goes on in another place: a kernel that has come, or none where one has gone. */
  connect(host: Host): void {
    this.host = host;
  }

  destroy(): void {
    this.listening.abort();
    this.frame.destroy();
  }

  private get tally() {
    return tallyOf(this.payload.header.session);
  }

  private pick(selection: string): void {
    if (selection === this.chosen.selection) return;
    this.chosen = { ...this.chosen, selection };
    this.host.setState({ selection });
  }

  private answer(): void {
    const read = readAnswer(this.payload.header, this.field.value);
    if ("problem" in read) {
      this.say("problem", "!", read.problem);
      this.field.focus();
      return;
    }
    if (this.payload.header.kind === "node") this.field.value = read.given;
    this.change({ given: [...this.chosen.given, read.given] });
  }

  private askHint(): void {
    const hinted = hintsOf(this.payload.header, this.chosen).length + 1;
    this.change({ hinted });
    this.say("hint", "i", `Hint ${hinted}: ${this.payload.header.hints[hinted - 1]}`);
  }

  private showAnswer(): void {
    this.change({ shown: this.chosen.given.length });
  }

  private change(change: Partial<QuestionState>): void {
    this.host.setState(change);
    this.choose(change);
  }

  private render(): void {
    const { header } = this.payload;
    const hints = hintsOf(header, this.chosen);
    const state = stateOf(header, this.chosen);
    const { kind, text } = verdictOf(header, this.chosen);
    this.frame.update(header.title, "", "");
    this.field.update(header, state !== "open" && !header.waiting, this.frame.theme);
    fill(this.hints, ...hints.map((hint) => h("li", {}, hint)));
    this.hints.hidden = !hints.length;
    this.hint.hidden = !header.hints.length;
    this.hint.disabled = hints.length >= header.hints.length || state !== "open";
    this.hint.textContent = hints.length ? "Another hint" : "Hint";
    this.show.disabled = Boolean(header.waiting) || state !== "open";
    const [mark, word] = MARKS[kind];
    // What stands is said once: a score that changes elsewhere does not say it again.
    const said = JSON.stringify([kind, text, this.chosen.given.length]);
    if (said !== this.said) this.say(kind, mark, `${word} ${text}`.trim());
    this.said = said;
    this.tally.learn(header.steps);
    this.tally.put(header.id, state);
    this.score();
  }

  private say(kind: string, mark: string, text: string): void {
    this.verdict.dataset.verdict = kind;
    fill(
      this.verdict,
      text && h("span", { class: "pw-verdict-mark", "aria-hidden": "true" }, mark),
      text && h("span", {}, text),
    );
  }

  private score(): void {
    const { right, total } = this.tally;
    this.points.textContent = `${right} of ${total} right`;
  }
}
