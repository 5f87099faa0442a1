import { describe, expect, it } from "vitest";
import type { Chart } from "../src/core/chart";
import { limitOn, scalesOf, sharedLimitOf } from "../src/views/heatmap-scale";
import { FakeHost, grids, mount, payload, press } from "./helpers";

const charts = () => payload("synthetic_explorer").charts;

describe("the scales of a map", () => {
  it("begin with the one that is shared where maps are to be compared", () => {
    expect(scalesOf({ own: 1, sharing: false })).toEqual(["own", "clipped"]);
    expect(scalesOf({ own: 1, shared: 2, sharing: true })[0]).toBe("shared");
    expect(scalesOf({ own: 1, shared: 2, sharing: false })[0]).toBe("own");
  });

  it("reach as far as they say", () => {
    const drawn = (charts()[1] as Chart).drawn(0, true);
    const limits = { own: drawn.limit, shared: 2, sharing: false };
    expect(limitOn("own", drawn, limits)).toBe(drawn.limit);
    expect(limitOn("shared", drawn, limits)).toBe(2);
    expect(limitOn("clipped", drawn, limits)).toBeLessThan(drawn.limit);
  });

  it("are shared only by maps that count the same", () => {
    const [first, second] = charts() as [Chart, Chart];
    expect(sharedLimitOf([first, second], "logit_diff", true)).toBeCloseTo(0.52);
    expect(sharedLimitOf([first], "logit_diff", true)).toBeNull();
    Object.assign(second.map.metrics[0] as object, { normalized: false });
    expect(sharedLimitOf([first, second], "logit_diff", true)).toBeNull();
  });
});

it("lets two maps of an explorer share a scale", () => {
  const view = mount(new FakeHost());
  const [first] = grids(view) as [HTMLElement];
  press(first, "ArrowDown");
  press(first, "v");
  const second = grids(view)[1] as HTMLElement;
  const ends = () =>
    [...view.element.querySelectorAll(".pw-scale-numbers")].map((one) => one.textContent);
  expect(ends()).toEqual(["+0.520−0.52", "+0.270−0.27"]);
  press(second, "m");
  const shared = [...view.element.querySelectorAll<HTMLElement>("[role=menuitemradio]")].find(
    (item) => item.textContent?.startsWith("shared"),
  );
  shared?.click();
  expect(ends()).toEqual(["+0.520−0.52", "+0.520−0.52"]);
});
