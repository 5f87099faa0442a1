import { expect, it } from "vitest";
import { number, signed, timeLeft } from "../src/core/format";

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
