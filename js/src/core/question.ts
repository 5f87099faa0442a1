import type {
  NumberAnswer,
  PossibleAnswer,
  Question,
  QuestionState,
  QuestionStep,
} from "../generated/views";

/** Everything a question draws. */
export interface QuestionPayload {
  header: Question;
}

/** What is said of an answer: how it stands, and what was measured of it. */
export interface Verdict {
  kind: "none" | "waiting" | "right" | "wrong" | "shown";
  text: string;
}

/** Returns what was typed as one of the answers, or a sentence that says what is wanted. */
export function readAnswer(
  { kind, answers }: Question,
  typed: string,
): { given: string } | { problem: string } {
  const text = typed.trim();
  if (kind === "number") {
    const number = numberIn(text);
    if (Number.isFinite(number)) return { given: String(number) };
    return { problem: text ? `“${text}” is not a number.` : "Type a number first." };
  }
  const found = answers.find((one) => written(one.text) === written(text));
  if (found) return { given: found.text };
  if (kind === "choice") return { problem: "Choose one first." };
  if (!text) return { problem: "Type or click a node first." };
  const first = answers[0]?.text;
  const last = answers[answers.length - 1]?.text;
  return { problem: `There is no ${text} in this map: it has nodes from ${first} to ${last}.` };
}

/** Returns a number as people type it: with a comma, a typeset minus, or as a percentage. */
function numberIn(text: string): number {
  const plain = text.replace("−", "-").replace(",", ".");
  const share = /^(.*\S)\s*%$/.exec(plain);
  return share ? numberIn(share[1] as string) / 100 : plain ? Number(plain) : Number.NaN;
}

/** Returns the name of a node without case and spaces; `9.6` is `L9H6`. */
function written(name: string): string {
  return name
    .replace(/^(\d+)\.(\d+)$/, "L$1H$2")
    .replace(/\s+/g, "")
    .toLowerCase();
}

/** Returns whether an answer is right; `patchwidgets.views._answered` says the same. */
export function isRight({ number, answers }: Question, given: string): boolean {
  if (number) return isNear(number, given);
  return answers.some(({ right, text }) => right && text === given);
}

/** Returns whether a number is near enough; 0.7 is within 0.1 of 0.8, whatever rounding says. */
function isNear({ value, within }: NumberAnswer, given: string): boolean {
  return Math.abs(Number(given) - value) <= within + 1e-9 * Math.max(within, Math.abs(value));
}

/** Returns how a question stands: right only where it was before the answer was shown. */
export function stateOf(
  question: Question,
  { given, shown }: QuestionState,
): QuestionStep["state"] {
  const before = shown < 0 ? given : given.slice(0, shown);
  if (before.some((one) => isRight(question, one))) return "right";
  return shown < 0 ? "open" : "shown";
}

/** Returns the hints that the reader has come to: one for every wrong answer, or asked for. */
export function hintsOf(question: Question, { given, hinted }: QuestionState): string[] {
  const wrong = question.waiting ? 0 : given.filter((one) => !isRight(question, one)).length;
  return question.hints.slice(0, Math.max(hinted, wrong));
}

/** Returns what is said of the last answer. */
export function verdictOf(question: Question, state: QuestionState): Verdict {
  const { given, shown } = state;
  const last = given[given.length - 1];
  if (question.waiting) {
    const kept = last === undefined ? "" : `Your answer: ${last}. `;
    return { kind: "waiting", text: `${kept}${question.waiting}` };
  }
  if (shown === given.length) {
    return { kind: "shown", text: sentences(question.solution, question.because) };
  }
  if (last === undefined) return { kind: "none", text: "" };
  const response = responseTo(question, last);
  if (isRight(question, last)) {
    return { kind: "right", text: sentences(response, question.because) };
  }
  return { kind: "wrong", text: sentences(response, leftOf(question, state)) };
}

/** Returns what a reader who was wrong can do now. */
function leftOf(question: Question, state: QuestionState): string {
  if (stateOf(question, state) !== "open") return "";
  const shown = hintsOf(question, state).length;
  if (!shown) return "Try another answer.";
  return `Hint ${shown} of ${question.hints.length}: ${question.hints[shown - 1]}`;
}

function responseTo({ number, answers }: Question, given: string): string {
  const found: PossibleAnswer | undefined = answers.find(({ text }) => text === given);
  if (found) return found.response;
  if (!number) return "";
  if (isNear(number, given)) return number.response;
  return Number(given) > number.value ? `${given} is too high.` : `${given} is too low.`;
}

function sentences(...parts: string[]): string {
  return parts.filter(Boolean).join(" ");
}
