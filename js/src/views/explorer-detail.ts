import { h } from "../core/dom";
import type { DetailPayload } from "../core/payload";
import { metricIn } from "../core/prompt-effects";
import type { Theme } from "../core/theme";
import type { Pair } from "../generated/views";
import { AttentionPanel } from "./attention-panel";
import { PromptEffectsPanel } from "./prompt-effects-panel";

/** What is shown of one cell beyond what its map says. */
export interface DetailProps {
  /** Null where it is not here. */
  detail: DetailPayload | null;
  /** Whether it was asked for. */
  asked: boolean;
  metric: string;
  pairs: Pair[];
  prompt: number;
  room: number;
  theme: Theme;
}

/** The effects of one cell on every pair, and what its heads attend to. */
export class ExplorerDetail {
  private readonly effects: PromptEffectsPanel;
  private readonly patterns = h("div", {});
  private readonly note = h("div", { class: "pw-muted" });
  readonly element: HTMLElement;
  private panels: AttentionPanel[] = [];
  private props: DetailProps | null = null;
  /** How the patterns are shown, on whatever cell. */
  private destination = -1;
  private matrix = false;

  /** `choose` is told which pair the reader has chosen. */
  constructor(choose: (prompt: number) => void) {
    this.effects = new PromptEffectsPanel(choose);
    this.element = h(
      "section",
      { class: "pw-detail" },
      h("div", { class: "pw-subtitle" }, "Pair by pair"),
      this.effects.element,
      this.note,
      this.patterns,
    );
  }

  update(props: DetailProps): void {
    this.props = props;
    const { detail, asked, metric, pairs, prompt, room, theme } = props;
    this.element.hidden = !detail && !asked;
    this.effects.element.hidden = !detail;
    if (!detail) {
      this.note.textContent = "asked for";
      this.list(0);
      return;
    }
    const { effects, patterns, header } = detail;
    const index = metricIn(effects, metric);
    this.effects.update({ effects, metric: index, pairs, prompt, grouped: false, room, theme });
    this.note.textContent = header.note;
    this.list(patterns.length);
    patterns.forEach((attention, place) => {
      const { destination, matrix } = this;
      this.panels[place]?.update({ attention, destination, matrix, room, theme });
    });
  }

  destroy(): void {
    this.effects.destroy();
    this.list(0);
  }

  /** Keeps as many panels as there are patterns. */
  private list(count: number): void {
    for (const panel of this.panels.splice(count)) panel.destroy();
    while (this.panels.length < count) {
      const panel = new AttentionPanel(({ destination, matrix }) => {
        this.destination = destination ?? this.destination;
        this.matrix = matrix ?? this.matrix;
        if (this.props) this.update(this.props);
      });
      this.panels.push(panel);
      this.patterns.append(panel.element);
    }
  }
}
