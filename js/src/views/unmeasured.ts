import { button, fill, h } from "../core/dom";
import type { Payload } from "../core/payload";
import { costOf } from "../core/settings";
import type { Asking } from "./asking";
import type { Looking } from "./looking";
import { isGoing } from "./ways";

/** A map that is not here, and how to get it. */
export interface UnmeasuredProps {
  title: string;
  /** Whether a kernel can measure it. */
  live: boolean;
  /** Whether it was asked for. */
  asked: boolean;
  /** How long it takes, in words; empty where that is not known. */
  cost: string;
  /** Whether it takes so long that the reader has to say so twice. */
  confirm: boolean;
  /** Whether something else is being measured. */
  busy: boolean;
  /** Python that measures it. */
  code: string;
}

/** Returns what stands in the place of the first map while it is not measured. */
export function unmeasuredOf(
  { header, charts }: Payload,
  looking: Looking,
  asking: Asking,
  live: boolean,
): UnmeasuredProps {
  const { first, prefix } = looking;
  const tab = header.offers?.tabs.find(({ key }) => prefix + key === first);
  return {
    title: tab ? `${tab.group}: ${tab.label}` : "",
    live,
    asked: asking.waitsFor(first),
    cost: costOf(tab, prefix).words,
    confirm: asking.doubts(first),
    busy: charts.some(isGoing),
    code: tab?.code ?? "",
  };
}

/** The place of a map that was not measured. */
export class Unmeasured {
  readonly element = h("section", { class: "pw-unmeasured" });
  private shown = "";

  /** `measure` is told whether to stop what is being measured first. */
  constructor(private readonly measure: (now: boolean) => void) {}

  update(props: UnmeasuredProps): void {
    // Focus stays on a button while other maps stream in.
    const written = JSON.stringify(props);
    if (written === this.shown) return;
    this.shown = written;
    const { title, live, asked, cost, confirm, busy } = props;
    const takes = confirm ? ` all the same: ${cost}` : cost ? ` (${cost})` : "";
    const ask = (label: string, now: boolean) =>
      button({ class: "pw-button" }, () => this.measure(now), label);
    fill(
      this.element,
      h("div", { class: "pw-map-title", role: "heading", "aria-level": 3 }, title),
      h("p", { class: "pw-muted" }, sentenceOf(props)),
      live && !asked && ask(busy ? `Measure it next${takes}` : `Measure it${takes}`, false),
      live && !asked && busy && ask("Stop the other and measure it now", true),
      !live && h("code", {}, props.code),
    );
  }

  /** Puts the keyboard on the first thing that can be done. */
  focus(): void {
    this.element.querySelector("button")?.focus({ preventScroll: true });
  }
}

function sentenceOf({ live, asked, cost }: UnmeasuredProps): string {
  if (!live) return "Not measured. With a kernel, this measures it:";
  if (asked) return "Asked for; the unpatched runs are made first.";
  const known = cost ? "" : " How long it takes is not known yet.";
  return `Not measured with these settings.${known}`;
}
