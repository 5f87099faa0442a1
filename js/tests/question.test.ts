import { beforeEach, describe, expect, it } from "vitest";
import { isRight, readAnswer } from "../src/core/question";
import { QuestionView } from "../src/views/question";
import { FakeHost, type Stored, stored } from "./helpers";

let host: FakeHost;
let view: QuestionView;
let session = 0;

function open(name: string, change: Record<string, unknown> = {}, at = host): QuestionView {
  return new QuestionView(document.body, { header: headerOf(stored(name), change) }, at);
}

/** A session of its own, as the score is of the page. */
function headerOf({ header }: Stored, change: Record<string, unknown>) {
  return { ...header, session: `session ${session}`, ...change };
}

beforeEach(() => {
  session += 1;
  document.body.replaceChildren();
  host = new FakeHost();
});

const find = <T extends Element = HTMLElement>(selector: string, one = view) =>
  one.element.querySelector(selector) as T;
const says = (one = view) => find(".pw-verdict", one).textContent;
const score = (one = view) => find(".pw-score", one).textContent;
const hints = () => [...view.element.querySelectorAll(".pw-hints li")].map((li) => li.textContent);
const press = (text: string, one = view) =>
  [...one.element.querySelectorAll("button")].find((b) => b.textContent === text)?.click();

function answer(text: string, one = view): void {
  find<HTMLInputElement>(".pw-answer", one).value = text;
  press("Check", one);
}

describe("a node", () => {
  beforeEach(() => {
    view = open("synthetic_question");
  });

  it("is told right by what was measured of it", () => {
    answer(" l1h1 ");
    expect(says()).toBe(
      "✓Right. L1H1: normalized effect +0.80, the largest of 6, not detected at 2 SD.",
    );
    expect(host.states).toEqual([{ given: ["L1H1"] }]);
    expect(score()).toBe("2 of 2 right");
  });

  it("gives a hint for a wrong answer, and not the solution", () => {
    answer("L0H1");
    expect(says()).toBe(
      "✕Not yet. L0H1: normalized effect +0.40, the 2nd largest of 6, not detected at 2 SD. " +
        "Hint 1 of 2: It is in the middle layer.",
    );
    expect(hints()).toEqual(["It is in the middle layer."]);
    expect(view.element.textContent).not.toContain("L1H1:");
    answer("1.0");
    expect(says()).toContain("Hint 2 of 2: Not the first head.");
    answer("L2H1");
    expect(hints().length).toBe(2);
    expect(score()).toBe("1 of 2 right");
  });

  it("is said to be unknown where the map has none, which counts for nothing", () => {
    answer("L9H9");
    expect(says()).toBe("!There is no L9H9 in this map: it has nodes from L0H0 to L2H1.");
    answer("");
    expect(says()).toBe("!Type or click a node first.");
    expect(host.states).toEqual([]);
    expect(hints()).toEqual([]);
  });

  it("can be clicked in the map, which shows nothing before the answer", () => {
    const cells = [...view.element.querySelectorAll<HTMLElement>(".pw-answer-cell")];
    expect(cells.map(({ title }) => title)).toContain("L1H1");
    expect(cells.every(({ style }) => !style.background)).toBe(true);
    cells.find(({ title }) => title === "L1H1")?.click();
    expect(host.states).toEqual([{ selection: "L1H1" }]);
    press("Check");
    expect(says()).toContain("Right.");
    const coloured = [...view.element.querySelectorAll<HTMLElement>(".pw-answer-cell")];
    expect(coloured.every(({ style }) => style.background)).toBe(true);
    expect(coloured[3]?.title).toContain("+0.80");
  });

  it("that is clicked in another map fills the field", () => {
    view.choose({ selection: "L1H1" });
    expect(find<HTMLInputElement>(".pw-answer").value).toBe("L1H1");
    expect(host.states).toEqual([]);
  });

  it("counts no more once the answer was shown", () => {
    press("Show the answer");
    expect(says()).toBe(
      "→The answer: L1H1: normalized effect +0.80, the largest of 6, not detected at 2 SD.",
    );
    expect(host.states).toEqual([{ shown: 0 }]);
    answer("L1H1");
    expect(says()).toContain("Right.");
    expect(score()).toBe("1 of 2 right");
  });

  it("is given by Enter, once", () => {
    const field = find<HTMLInputElement>(".pw-answer");
    field.value = "L1H1";
    const event = new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true });
    field.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(host.states).toEqual([{ given: ["L1H1"] }]);
  });

  it("gives hints when asked", () => {
    press("Hint");
    expect(says()).toBe("iHint 1: It is in the middle layer.");
    press("Another hint");
    expect(find<HTMLButtonElement>(".pw-question-buttons button:nth-child(2)").disabled).toBe(true);
    expect(host.states).toEqual([{ hinted: 1 }, { hinted: 2 }]);
  });
});

describe("before anything is measured", () => {
  it("keeps the answer without a verdict, and checks it when the numbers come", () => {
    view = open("synthetic_question_waiting");
    expect(says()).toBe(
      "…Your answer: L0H1. Not measured yet. Your answer is kept, and checked as soon as the " +
        "measurement is done.",
    );
    expect(hints()).toEqual([]);
    press("Show the answer");
    expect(host.states).toEqual([]);
    const header = headerOf(stored("synthetic_question"), {});
    view.update({ header });
    expect(says()).toContain("Not yet. L0H1");
    expect(score()).toBe("1 of 2 right");
  });
});

describe("a number", () => {
  beforeEach(() => {
    view = open("synthetic_question_number");
  });

  it.each(["0.8", "0,85", " 72 % ", "+0.79"])("%s is near enough", (text) => {
    answer(text);
    expect(says()).toBe("✓Right. Measured: 0.80. The other heads share the rest.");
  });

  it("says on which side a wrong one is", () => {
    answer("0.2");
    expect(says()).toContain("0.2 is too low. Hint 1 of 2");
    answer("−3");
    expect(says()).toContain("-3 is too low.");
    answer("1");
    expect(says()).toContain("1 is too high.");
  });

  it("asks again where there is none", () => {
    answer("much");
    expect(says()).toBe("!“much” is not a number.");
    answer("");
    expect(says()).toBe("!Type a number first.");
  });
});

describe("an explanation", () => {
  beforeEach(() => {
    view = open("synthetic_question_choice");
  });

  it("is a group of radio buttons with the question as its name", () => {
    const group = find('[role="radiogroup"]');
    expect(group.getAttribute("aria-label")).toBe("Why is L1H0 blue?");
    const radios = [...group.querySelectorAll<HTMLInputElement>("input")];
    expect(new Set(radios.map(({ name }) => name)).size).toBe(1);
    press("Check");
    expect(says()).toBe("!Choose one first.");
    (radios[1] as HTMLInputElement).checked = true;
    press("Check");
    expect(says()).toContain("Not yet. 6 heads were. Hint 1 of 2");
  });

  it("stays text whatever it holds", () => {
    find<HTMLInputElement>("input").checked = true;
    press("Check");
    expect(says()).toBe('✓Right. Its effect is negative. </script><img src=x onerror="alert(1)">');
    expect(view.element.querySelector("img, script")).toBeNull();
  });
});

describe("the score", () => {
  it("is that of all questions of the session", () => {
    view = open("synthetic_question");
    const other = open("synthetic_question_number", { id: "1" });
    expect([score(), score(other)]).toEqual(["0 of 2 right", "0 of 2 right"]);
    answer("L1H1");
    answer("0.8", other);
    expect([score(), score(other)]).toEqual(["2 of 2 right", "2 of 2 right"]);
  });

  it("follows what the kernel says of questions that are not on the page", () => {
    view = open("synthetic_question");
    const steps = ["open", "right", "right"].map((state, at) => ({ id: String(at), state }));
    view.update({ header: headerOf(stored("synthetic_question"), { steps }) });
    expect(score()).toBe("2 of 3 right");
  });
});

it("reads answers as Python does", () => {
  const { header } = stored("synthetic_question_number");
  expect(readAnswer(header, "1e-1")).toEqual({ given: "0.1" });
  expect([0.7, 0.9].map((one) => isRight(header, String(one)))).toEqual([true, true]);
  expect(isRight(header, "0.91")).toBe(false);
});
