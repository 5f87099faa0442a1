import { button, fill, h } from "../core/dom";
import type { Comparison, ComparisonState } from "../generated/views";
import type { Sharing } from "./shared-scale";
import { Switch } from "./switch";

/** Title, what is the same for all methods, and how the maps are coloured and marked. */
export class ComparisonHead {
  private readonly title = h("span", { class: "pw-title", role: "heading", "aria-level": 2 });
  private readonly facts = h("span", { class: "pw-facts" });
  private readonly scale: Switch<Sharing>;
  private readonly rule: Switch<string>;
  private readonly copy = button(
    { class: "pw-button" },
    () => void this.copyCode(),
    "Copy as Python",
  );
  readonly element: HTMLElement;
  private code = "";

  constructor(
    chosen: (choice: Partial<ComparisonState>) => void,
    private readonly say: (text: string) => void,
  ) {
    this.scale = new Switch<Sharing>(
      "colour scale",
      [
        ["metric", "per metric"],
        ["all", "all maps"],
        ["each", "each map"],
      ],
      (scale) => chosen({ scale }),
    );
    this.rule = new Switch(
      "detected by",
      [
        ["sd", "2 SD"],
        ["mad", "robust"],
        ["max_t", "max-T"],
        ["bh", "FDR"],
      ],
      (rule) => chosen({ rule }),
    );
    this.element = h(
      "div",
      { class: "pw-head" },
      this.title,
      this.facts,
      h("span", { class: "pw-actions" }, this.scale.element, this.rule.element, this.copy),
    );
  }

  update({ title, facts, code, findings }: Comparison, state: ComparisonState): void {
    this.code = code;
    this.copy.hidden = !code;
    this.title.textContent = title;
    fill(
      this.facts,
      ...facts.map(({ label, value }) =>
        h(
          "span",
          { class: "pw-fact" },
          h("span", { class: "pw-muted" }, `${label} `),
          h("b", {}, value),
        ),
      ),
    );
    this.scale.update(state.scale);
    this.rule.element.hidden = findings.length < 2;
    this.rule.offer(findings.map(({ rule }) => rule));
    this.rule.update(state.rule || (findings[0]?.rule ?? ""));
  }

  private async copyCode(): Promise<void> {
    try {
      await navigator.clipboard.writeText(this.code);
      this.say("copied");
    } catch {
      this.say(this.code);
    }
  }
}
