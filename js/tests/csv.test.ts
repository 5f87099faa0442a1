import { expect, it } from "vitest";
import type { Chart } from "../src/core/chart";
import { csvOf } from "../src/core/csv";
import { csvOfMap } from "../src/views/heatmap-save";
import { read, stored } from "./helpers";

it("writes texts that a spreadsheet would run as texts, and numbers as numbers", () => {
  const lines = csvOf([
    ["node", "=token", "value"],
    ["L9H6", "=cmd|' /C calc'!A0", -1.5],
    ["@1", "a,b", null],
    ["-1", 'say "x"', 1e-7],
    ["a\nb", " the", 0],
  ]).split("\r\n");
  expect(lines).toEqual([
    `node,"'=token",value`,
    `L9H6,"'=cmd|' /C calc'!A0",-1.5`,
    `"'@1","a,b",`,
    `"'-1","say ""x""",1e-7`,
    `"a\nb"," the",0`,
    "",
  ]);
});

it("has the spread over draws of the corruption, where there are several", () => {
  const bundle = stored();
  const linesOf = () => csvOfMap((read(bundle).charts as [Chart])[0], 0).split("\r\n");
  expect(linesOf()[0]).toMatch(/,effect,patched$/);
  for (const map of bundle.header.maps) {
    map.draws = { count: 10, low: map.low, high: map.high, sd: map.high };
  }
  const [head, ...cells] = linesOf();
  expect(head).toMatch(/,effect,patched,draw_low,draw_high,draw_sd$/);
  const strongest = cells.find((cell) => cell.startsWith("L29H0")) ?? "";
  const rounded = strongest.split(",").map((cell) => Number(cell).toFixed(2));
  expect(rounded.slice(-3)).toEqual(["-0.37", "-0.25", "-0.25"]);
});
