import { expect, it } from "vitest";
import { number, signed, timeLeft } from "../src/core/format";
import { stored as noKernel } from "../src/core/host";
import { mount, read, stored, textOf } from "./helpers";

it.each([
  [0, "0.00"],
  [0.48, "0.48"],
  [-0.0456, "−0.046"],
  [-2.81, "−2.81"],
  [12.345, "12.3"],
  [1234.5, "1235"],
  [-0.0003, "−3e−4"],
])("writes %f as %s", (value, text) => {
  expect(number(value)).toBe(text);
});

it("gives a sign to what has one", () => {
  expect(signed(0.5)).toBe("+0.50");
  expect(signed(-0.5)).toBe("−0.50");
  expect(signed(0)).toBe("0.00");
});

it("says how long it takes in words", () => {
  expect(timeLeft(null)).toBe("");
  expect(timeLeft(0.2)).toBe("less than 1 s left");
  expect(timeLeft(4.2)).toBe("4 s left");
  expect(timeLeft(150)).toBe("3 min left");
});

it("cuts a token of a megabyte wherever it is named", () => {
  const bundle = stored();
  const [pair] = bundle.header.strip.pairs;
  const long = ` ${"Mary".repeat(250_000)}`;
  pair.clean[1] = pair.corrupted[1] = long;
  pair.answers = [long, " John"];
  let view = mount(noKernel, read(bundle));
  const token = view.element.querySelectorAll(".pw-tokens .pw-token")[2] as HTMLElement;
  expect(token.textContent).toMatch(/^(Mary)+M?a?r?…$/);
  expect(token.textContent?.length).toBe(200);
  expect(token.title.length).toBe(202);
  expect(token.title.endsWith('…"')).toBe(true);
  expect(textOf(view, ".pw-answers b").endsWith("… / John")).toBe(true);
  expect(view.element.innerHTML.length).toBeLessThan(60_000);
  pair.clean[1] = pair.corrupted[1] = "😀".repeat(200);
  view = mount(noKernel, read(bundle));
  expect(textOf(view, ".pw-tokens").includes("\ud83d…")).toBe(false);
});
