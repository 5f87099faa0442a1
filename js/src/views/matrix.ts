import { css, textOn } from "../core/color";
import type { Square, Way } from "../core/comparison";
import { fill, h } from "../core/dom";
import type { Theme } from "../core/theme";

/** Numbers between every two methods, which go by their numbers in the table of detections. */
export class MatrixView {
  private readonly table = h("table", { class: "pw-matrix" });
  readonly element: HTMLElement;
  private drawnBy: unknown[] = [];

  /**
   * @param title What the numbers are.
   * @param nothing Why there is no number between two methods.
   */
  constructor(
    title: string,
    note: string,
    private readonly nothing: string,
  ) {
    this.table.setAttribute("aria-label", title);
    this.element = h(
      "section",
      { class: "pw-square" },
      h("div", { class: "pw-subtitle" }, title),
      h("div", { class: "pw-muted pw-small-note" }, note),
      // A region that may scroll must be reachable by keyboard.
      h("div", { class: "pw-scroll", tabindex: 0, role: "group", "aria-label": title }, this.table),
    );
  }

  update({ size, values }: Square, ways: Way[], theme: Theme): void {
    const drawnBy = [values, theme];
    if (drawnBy.every((one, index) => one === this.drawnBy[index])) return;
    this.drawnBy = drawnBy;
    const each = Array.from({ length: size }, (_, index) => index);
    const heading = (scope: string, way: number) =>
      h("th", { scope, title: ways[way]?.label ?? "" }, String(way + 1));
    fill(
      this.table,
      h("thead", {}, h("tr", {}, h("td"), ...each.map((way) => heading("col", way)))),
      h(
        "tbody",
        {},
        ...each.map((one) =>
          h(
            "tr",
            {},
            heading("row", one),
            ...each.map((other) => {
              const between = `${ways[one]?.label} / ${ways[other]?.label}`;
              return this.cell(values[one * size + other] as number, between, theme);
            }),
          ),
        ),
      ),
    );
  }

  private cell(value: number, between: string, { palette }: Theme): HTMLElement {
    if (Number.isNaN(value)) return h("td", { title: `${between}: ${this.nothing}` }, "–");
    const color = palette.at(value);
    const made = h("td", { title: between }, share(value));
    made.style.background = css(color);
    made.style.color = textOn(color);
    return made;
  }
}

function share(value: number): string {
  const text = value.toFixed(2);
  return text === "-0.00" ? "0.00" : text.replace("-", "−");
}
