import type { Chart } from "../core/chart";
import { h } from "../core/dom";
import type { Host } from "../core/host";
import { pairName } from "../core/pair-map";
import type { Payload } from "../core/payload";
import type { ExplorerState } from "../generated/views";
import { BaselineView } from "./baseline";
import type { Looking } from "./looking";
import { PairAsking } from "./pair-asking";
import { PairsStripView } from "./pairs-strip";

/** What the strip of pairs and the baselines depend on. */
export interface ContextProps {
  payload: Payload;
  looking: Looking;
  host: Host;
  /** The map whose baselines are shown. */
  chart: Chart;
  /** Whether methods are compared instead of a map. */
  comparing: boolean;
}

/** The prompt pairs and the unpatched runs behind the maps. */
export class ExplorerContext {
  private readonly strip: PairsStripView;
  private readonly baseline = new BaselineView();
  private readonly asking = new PairAsking();
  readonly element: HTMLElement;
  private props: ContextProps | null = null;

  /** `change` is told what the reader has chosen, and `say` what a screen reader is to say of it. */
  constructor(
    private readonly change: (choice: Partial<ExplorerState>) => void,
    private readonly say: (text: string) => void,
  ) {
    this.strip = new PairsStripView((choice) => this.choose(choice));
    this.element = h("div", { class: "pw-context" }, this.strip.element, this.baseline.element);
  }

  update(props: ContextProps): void {
    this.props = props;
    const { payload, looking, host, chart, comparing } = props;
    const { prompt, alone, strip } = looking;
    const here = host.live ? null : pairsIn(payload, looking.trail.at(-1) ?? "");
    this.strip.update({ strip, prompt, alone, comparing, here });
    const metric = chart.metricIndex(looking.metric);
    this.baseline.update(looking.wanted.direction, strip, chart, metric);
    this.asking.look(looking, host);
  }

  destroy(): void {
    this.asking.destroy();
  }

  private choose(choice: Partial<ExplorerState>): void {
    this.change(choice);
    if (this.props) this.say(shownIn(this.props));
  }
}

/** Returns which pairs the maps show, in words. */
function shownIn({ looking, host }: ContextProps): string {
  const { pair } = looking;
  if (pair === null) return "the maps show the mean over all pairs";
  const here = looking.drawn(looking.active)?.pair?.here ?? true;
  return here || host.live
    ? `the maps show ${pairName(pair)} alone`
    : `the map of ${pairName(pair)} is not in this file`;
}

/** Returns the pairs on which a map is here. */
export function pairsIn({ onPairs }: Payload, key: string): Set<number> {
  const own = onPairs.filter(({ map }) => map.key === key);
  return new Set(own.map(({ pair }) => pair?.prompt ?? 0));
}
