import { fill, h } from "../core/dom";
import { number, signed, unitOf } from "../core/format";
import type { MetricColumn, TokenStrip } from "../generated/views";

/** The two unpatched runs: where the scale of a map has its 0 and its 1. */
export class BaselineView {
  readonly element = h("div", { class: "pw-baseline", role: "group", "aria-label": "baselines" });

  update(direction: string, strip: TokenStrip, metric: MetricColumn): void {
    const { base, source } = metric;
    const [baseRun, sourceRun] =
      direction === "denoising" ? ["corrupted", "clean"] : ["clean", "corrupted"];
    if (base === null || source === null) {
      fill(this.element, h("span", { class: "pw-muted" }, "baselines not measured yet"));
      return;
    }
    fill(
      this.element,
      h("div", { class: "pw-muted" }, `${metric.label}, mean over pairs`),
      h(
        "div",
        { class: "pw-runs" },
        run("0", `${baseRun} run`, signed(base), metric.normalized),
        h("div", { class: "pw-gap" }),
        run("1", `${sourceRun} run`, signed(source), metric.normalized),
      ),
      h("div", { class: "pw-muted" }, remark(strip, metric, source - base)),
    );
  }
}

function run(mark: string, name: string, value: string, normalized: boolean): HTMLElement {
  return h(
    "div",
    { class: "pw-run" },
    h("b", {}, value),
    h("span", { class: "pw-muted" }, normalized ? `${mark} = ${name}` : name),
  );
}

function remark({ pairs }: TokenStrip, metric: MetricColumn, gap: number): string {
  const right = pairs.filter((pair) => pair.right).length;
  const share = pairs.length ? ` · right on ${right} of ${pairs.length} pairs` : "";
  const note = metric.normalized ? "" : " · not normalized, because the gap is too small";
  return `gap ${number(Math.abs(gap))} ${unitOf(metric)}${share}${note}`;
}
