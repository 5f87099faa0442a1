import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ExplorerView } from "../src/views/explorer";
import { FakeHost, mount, payload, read, stored } from "./helpers";

let host: FakeHost;
let view: ExplorerView;

beforeEach(() => {
  host = new FakeHost(false);
  view = mount(host);
});
afterEach(() => view.destroy());

function advices(): HTMLElement {
  return view.element.querySelector(".pw-advices") as HTMLElement;
}

function items(inside = ""): HTMLElement[] {
  return [...advices().querySelectorAll<HTMLElement>(`${inside} .pw-advice`)];
}

function rules(inside = ""): (string | undefined)[] {
  return items(inside).map((item) => item.dataset.rule);
}

function quiet(rule: string): void {
  const item = items().find((one) => one.dataset.rule === rule);
  item?.querySelector("button")?.click();
}

function said(): string {
  return view.element.querySelector('[role="status"]')?.textContent ?? "";
}

describe("advice", () => {
  it("shows the most severe and folds the rest", () => {
    expect(rules(":scope > ul")).toEqual([
      "task_not_done",
      "probability_near_floor",
      "metrics_disagree",
    ]);
    const more = advices().querySelector(".pw-advice-more") as HTMLDetailsElement;
    expect(more.open).toBe(false);
    expect(more.querySelector("summary")?.textContent).toBe("3 more");
    expect(rules(".pw-advice-more")).toEqual(["few_prompts", "borderline_nodes", "path_form"]);
    expect(advices().querySelector(".pw-advice-head")?.textContent).toContain(
      "1 error · 2 warnings · 3 notes",
    );
  });

  it("says the severity in a word and a shape, and the rest when it is opened", () => {
    const [first, , third] = items();
    expect(first?.querySelector("summary")?.textContent).toBe(
      "✕error The model prefers the right answer on 40 % of the prompts.",
    );
    expect(first?.querySelector(".pw-advice-mark")?.getAttribute("aria-hidden")).toBe("true");
    expect(third?.querySelector("summary")?.textContent).toBe(
      "!warning heads: logit_diff and prob agree on 67 % of nodes.",
    );
    expect(first?.querySelector("details")?.open).toBe(false);
    const text = [...(first?.querySelectorAll("p") ?? [])].map((part) => part.textContent);
    expect(text[0]).toBe("What one metric finds and another does not is a finding on the metric.");
    expect(text[1]).toBe(
      "What to do: Read negative effects off logit_diff: pw.Study(..., metric='logit_diff').",
    );
    expect(text[2]).toBe("Zhang & Nanda 2024, arXiv 2309.16042, section 4.2.");
    expect(first?.querySelector("p code")?.textContent).toBe("logit_diff");
  });

  it("does not name the map where there is one only", () => {
    const one = stored();
    one.header.advice = one.header.advice.filter(({ map }: { map: string }) => map !== "L20H0.v");
    view.update(read(one));
    expect(items()[2]?.textContent).not.toContain("heads: ");
  });

  it("draws nothing where there is none", () => {
    view.update(payload("synthetic_running"));
    expect(advices().hidden).toBe(true);
    expect(items()).toEqual([]);
  });

  it("unfolds four, since a fold of one hides nothing worth it", () => {
    const four = stored();
    four.header.advice = four.header.advice.slice(0, 4);
    view.update(read(four));
    expect(items(":scope > ul").length).toBe(4);
    expect((advices().querySelector(".pw-advice-more") as HTMLElement).hidden).toBe(true);
  });

  it("keeps what is open and where the focus is when something is added", () => {
    const before = items()[1]?.querySelector("details") as HTMLDetailsElement;
    before.open = true;
    before.querySelector("summary")?.focus();
    const newer = stored();
    newer.header.advice = newer.header.advice.filter(
      ({ name }: { name: string }) => name !== "task_not_done",
    );
    view.update(read(newer));
    const after = items()[0]?.querySelector("details") as HTMLDetailsElement;
    expect(after.open).toBe(true);
    expect(document.activeElement).toBe(after.querySelector("summary"));
  });

  it("still reads the sentences of version 2", () => {
    view.update(payload("version_2"));
    expect(items().map((item) => item.textContent)).toEqual([
      expect.stringMatching(/^Two negative heads stand out/),
    ]);
    expect(advices().querySelector("details:not([hidden])")).toBe(null);
    expect(advices().querySelector(".pw-advice-head")?.textContent).toContain("1 warning");
  });
});

describe("without a kernel", () => {
  it("hides a rule here, says how to silence it, and shows it again", () => {
    quiet("task_not_done");
    expect(rules()).not.toContain("task_not_done");
    expect(said()).toBe(
      'task_not_done is hidden here; with a kernel, advice.silence("task_not_done") silences it',
    );
    expect(host.commands).toEqual([]);
    const back = advices().querySelector(".pw-advice-head button") as HTMLButtonElement;
    expect(back.textContent).toBe("Show 1 hidden");
    view.update(payload());
    expect(rules()).not.toContain("task_not_done");
    back.click();
    expect(rules()).toContain("task_not_done");
    expect(back.hidden).toBe(true);
  });

  it("keeps the focus in the list when the last one is hidden", () => {
    const one = stored();
    one.header.advice = one.header.advice.slice(0, 1);
    view.update(read(one));
    items()[0]?.querySelector("button")?.focus();
    quiet("task_not_done");
    expect(document.activeElement).toBe(advices());
  });
});

describe("with a kernel", () => {
  it("asks it to silence the rule, and waits for what it draws", () => {
    host = new FakeHost();
    view.connect(host);
    quiet("few_prompts");
    expect(host.commands).toEqual([{ command: "silence", rule: "few_prompts" }]);
    expect(rules()).toContain("few_prompts");
    expect(said()).toBe(
      'few_prompts is silent in this session until advice.restore("few_prompts")',
    );
  });

  it("shows what was hidden without one", () => {
    quiet("few_prompts");
    view.connect(new FakeHost());
    expect(rules()).toContain("few_prompts");
  });
});
