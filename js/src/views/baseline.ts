import type { Chart } from "../core/chart";
import { fill, h } from "../core/dom";
import { number, signed, unitOf } from "../core/format";
import { pairName } from "../core/pair-map";
import type { MetricColumn, TokenStrip } from "../generated/views";

/** The two unpatched runs: where the scale of a map has its 0 and its 1. */
export class BaselineView {
  readonly element = h("div", { class: "pw-baseline", role: "group", "aria-label": "baselines" });

  /** Shows those of a metric of a map: means over pairs, or those of one pair. */
  update(direction: string, strip: TokenStrip, { map, pair }: Chart, index: number): void {
    const metric = map.metrics[index] as MetricColumn;
    const { base, source } = metric;
    const [baseRun, sourceRun] =
      direction === "denoising" ? ["corrupted", "clean"] : ["clean", "corrupted"];
    if (base === null || source === null) {
      const elsewhere = pair && !pair.here;
      const text = elsewhere
        ? `baselines of ${pairName(pair.prompt)} are not here`
        : "baselines not measured yet";
      fill(this.element, h("span", { class: "pw-muted" }, text));
      return;
    }
    fill(
      this.element,
      h(
        "div",
        { class: "pw-muted" },
        `${metric.label}, ${pair ? `${pairName(pair.prompt)} alone` : "mean over pairs"}`,
      ),
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
