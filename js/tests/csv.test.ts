import { expect, it } from "vitest";
import { csvOf } from "../src/core/csv";

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
