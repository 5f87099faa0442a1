import { fill, freshId, h, setAttributes } from "../core/dom";
import { signed, textOf } from "../core/format";
import {
  type EffectsPayload,
  effectsOf,
  gapOf,
  pairText,
  summaryText,
} from "../core/prompt-effects";
import type { Theme } from "../core/theme";
import type { MetricColumn, Pair } from "../generated/views";
import { type Dot, drawStrip, type Mark, type Row } from "./effects-strip";
import { type SvgSheet, saveButtons } from "./picture-save";

/** What a panel of per-prompt effects shows. */
export interface EffectsProps {
  effects: EffectsPayload;
  metric: number;
  /** The pairs, for their words and groups; those of the payload where it has them itself. */
  pairs: Pair[];
  /** The pair that is marked. */
  prompt: number;
  /** Whether every group has a row of its own. */
  grouped: boolean;
  room: number;
  theme: Theme;
}

const NEAR = 14;
/** Radius of a dot that is marked, however small the others are. */
const LARGE = 4;
const STEPS: Record<string, number> = {
  ArrowLeft: -1,
  ArrowDown: -1,
  ArrowRight: 1,
  ArrowUp: 1,
  PageDown: -10,
  PageUp: 10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY,
};

/** One dot per prompt pair on the metric's own scale. Has no state but where the reader is. */
export class PromptEffectsPanel {
  private readonly option = h("div", { role: "option", class: "pw-unseen" });
  private readonly picture = h("div", {});
  private readonly strip = h(
    "div",
    {
      class: "pw-effects-strip",
      role: "listbox",
      tabindex: 0,
      "aria-label": "effect on every prompt pair",
      "data-lm-suppress-shortcuts": "true",
    },
    this.picture,
    this.option,
  );
  private readonly summary = h("div", { class: "pw-effects-summary" });
  private readonly said = h("div", { class: "pw-effects-said" });
  private readonly note = h("div", { class: "pw-remark" });
  private readonly save = saveButtons(() => this.sheet);
  readonly element = h(
    "section",
    { class: "pw-effects", "aria-label": "effect on every prompt pair" },
    this.summary,
    this.strip,
    this.said,
    this.note,
    this.save,
  );
  private readonly listening = new AbortController();
  private readonly idPrefix = freshId("pair");
  private props: EffectsProps | null = null;
  private drawnBy: unknown[] = [];
  private dots: Dot[] = [];
  private hovered = -1;
  private spoken = 0;

  /** @param choose Told which pair the reader has chosen. */
  constructor(private readonly choose: (prompt: number) => void) {
    const { signal } = this.listening;
    const { strip } = this;
    strip.addEventListener("pointermove", (event) => this.hover(this.near(event)), { signal });
    strip.addEventListener("pointerleave", () => this.hover(-1), { signal });
    strip.addEventListener("click", (event) => this.take(this.near(event)), { signal });
    strip.addEventListener("keydown", (event) => this.key(event), { signal });
    strip.addEventListener("focus", () => this.arrive(), { signal });
    strip.addEventListener("blur", () => this.hover(-1), { signal });
  }

  update(props: EffectsProps): void {
    this.props = props;
    const { effects, metric, pairs, grouped, room, theme } = props;
    const drawnBy = [effects, metric, pairs, grouped, room, theme];
    if (drawnBy.some((one, index) => one !== this.drawnBy[index])) {
      this.drawnBy = drawnBy;
      this.draw(props);
    }
    this.mark();
  }

  /** What is saved: the strip as it is seen; nothing where nothing is drawn. */
  get sheet(): SvgSheet | null {
    const picture = this.picture.querySelector("svg");
    if (!this.props || !picture) return null;
    const { effects, metric, theme } = this.props;
    const { title, node, caption, note, metrics } = effects.header;
    const said = this.summary.textContent ?? "";
    const about = `${caption} · metric ${metrics[metric]?.label}`;
    return { name: `${node} by prompt`, title, theme, parts: [said, picture, note, about] };
  }

  destroy(): void {
    this.listening.abort();
    this.element.remove();
  }

  private draw(props: EffectsProps): void {
    const { effects, metric, room, theme } = props;
    const { header } = effects;
    const { picture, dots } = drawStrip({
      rows: rowsOf(props),
      effects: effectsOf(effects, metric),
      marks: marksOf(effects, metric),
      width: room,
      theme,
    });
    this.dots = dots.sort((a, b) => a.x - b.x || a.prompt - b.prompt);
    this.hovered = -1;
    fill(this.picture, picture);
    this.strip.hidden = !dots.length;
    // What is an option has a name, also before the reader is there.
    setAttributes(this.option, { "aria-selected": "true" });
    this.option.textContent = this.wordsOf(props.prompt);
    this.said.hidden = !dots.length;
    this.save.hidden = !dots.length;
    this.summary.textContent = summaryText(effects, metric);
    this.note.textContent = header.note;
    this.note.hidden = !header.note;
  }

  private mark(): void {
    const { props } = this;
    if (!props) return;
    for (const { prompt, radius, element } of this.dots) {
      const marked = prompt === props.prompt || prompt === this.hovered;
      element.classList.toggle("pw-chosen", prompt === props.prompt);
      element.classList.toggle("pw-pointed", prompt === this.hovered);
      element.setAttribute("r", String(marked ? Math.max(radius, LARGE) : radius));
    }
    const chosen = this.dots.find(({ prompt }) => prompt === props.prompt);
    // What is marked lies on top of its neighbours.
    if (chosen) chosen.element.parentNode?.append(chosen.element);
    const shown = this.hovered >= 0 ? this.hovered : props.prompt;
    this.said.textContent = this.dots.length ? this.wordsOf(shown) : "";
  }

  private wordsOf(prompt: number): string {
    const { effects, metric, pairs } = this.props as EffectsProps;
    const pair = pairs[prompt];
    const group = pair?.group ? ` · ${pair.group}` : "";
    const words = pair ? ` · ${textOf(pair.clean).trim()}` : "";
    return `pair ${prompt + 1}${group}: ${pairText(effects, metric, prompt)}${words}`;
  }

  private near(event: MouseEvent): number {
    const { left, top } = this.strip.getBoundingClientRect();
    let [best, least] = [-1, NEAR * NEAR];
    for (const { prompt, x, y } of this.dots) {
      const away = (event.clientX - left - x) ** 2 + (event.clientY - top - y) ** 2;
      if (away < least) [best, least] = [prompt, away];
    }
    return best;
  }

  private hover(prompt: number): void {
    if (prompt === this.hovered) return;
    this.hovered = prompt;
    this.mark();
  }

  private arrive(): void {
    if (this.hovered < 0) this.go(this.props?.prompt ?? 0);
  }

  private take(prompt: number): void {
    if (prompt < 0) return;
    this.go(prompt);
    this.choose(prompt);
  }

  /** Stands on a pair and says it. */
  private go(prompt: number): void {
    const place = this.dots.findIndex((dot) => dot.prompt === prompt);
    const at = this.dots[Math.max(0, place)];
    if (!at) return;
    this.hover(at.prompt);
    this.spoken += 1;
    const id = `${this.idPrefix}-${this.spoken}`;
    setAttributes(this.option, {
      id,
      "aria-selected": String(at.prompt === this.props?.prompt),
      "aria-posinset": Math.max(0, place) + 1,
      "aria-setsize": this.dots.length,
    });
    this.option.textContent = this.wordsOf(at.prompt);
    this.strip.setAttribute("aria-activedescendant", id);
  }

  private key(event: KeyboardEvent): void {
    const { key, altKey, metaKey, ctrlKey, shiftKey } = event;
    if (altKey || metaKey || ctrlKey || shiftKey) return;
    const step = STEPS[key];
    if (step !== undefined) {
      const here = this.hovered >= 0 ? this.hovered : this.props?.prompt;
      const from = this.dots.findIndex(({ prompt }) => prompt === here);
      const last = this.dots.length - 1;
      const to = this.dots[Math.max(0, Math.min(last, Math.max(0, from) + step))];
      if (to) this.go(to.prompt);
    } else if (key === "Enter" || key === " ") this.take(this.hovered);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
}

function rowsOf({ effects, metric, pairs, grouped }: EffectsProps): Row[] {
  const values = effectsOf(effects, metric);
  const all = Array.from({ length: effects.size }, (_, prompt) => prompt);
  const { mean = null, low = null, high = null } = effects.header.summaries[metric] ?? {};
  const interval: [number, number] | null = low === null || high === null ? null : [low, high];
  const groups = [...new Set(pairs.map(({ group }) => group))];
  if (!grouped || groups.length < 2) return [{ label: "", prompts: all, mean, interval }];
  return groups.map((group) => {
    const prompts = all.filter((prompt) => pairs[prompt]?.group === group);
    const known = prompts.map((one) => values[one] as number).filter((one) => !Number.isNaN(one));
    const sum = known.reduce((total, one) => total + one, 0);
    const own = known.length ? sum / known.length : null;
    const said = own === null ? "not measured" : `mean ${signed(own)}`;
    return {
      label: `${group || "no group"} · ${known.length} · ${said}`,
      prompts,
      mean: own,
      interval: null,
    };
  });
}

function marksOf({ header }: EffectsPayload, index: number): Mark[] {
  const metric = header.metrics[index] as MetricColumn;
  const [base, source] = header.runs;
  const gap = gapOf(metric);
  const zero = { at: 0, label: `0 = ${base} run` };
  if (gap === null) return [zero];
  return [zero, { at: gap, label: `${signed(gap)} = ${source} run (mean)` }];
}
