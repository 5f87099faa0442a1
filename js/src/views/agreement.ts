import type { ComparisonPayload, Found, Square } from "../core/comparison";
import { h } from "../core/dom";
import type { Theme } from "../core/theme";
import { type DetectionEvents, DetectionTable } from "./detection-table";
import { FlipsView } from "./flips";
import { MatrixView } from "./matrix";

/** How far the methods agree: who detects what, who disagrees, and how alike the maps are. */
export class AgreementView {
  private readonly missing = h("p", { class: "pw-muted" });
  private readonly note = h("div", { class: "pw-muted pw-small-note" });
  private readonly table: DetectionTable;
  private readonly flips: FlipsView;
  private readonly correlations = new MatrixView(
    "Rank correlation of effects",
    "1: the same order of nodes; 0: unrelated orders",
    "fewer than three nodes in common",
  );
  private readonly overlap = new MatrixView(
    "Overlap of detections",
    "shared nodes of those that either detects",
    "neither detects anything",
  );
  private readonly found = h("div", {});
  readonly element: HTMLElement;

  constructor(events: DetectionEvents, signal: AbortSignal) {
    this.table = new DetectionTable(events, signal);
    this.flips = new FlipsView(
      (node) => events.select(node),
      (node) => events.hover(node),
    );
    this.found.append(
      this.note,
      this.table.element,
      h(
        "div",
        { class: "pw-agreements" },
        this.flips.element,
        this.correlations.element,
        this.overlap.element,
      ),
    );
    this.element = h(
      "section",
      { class: "pw-compared" },
      h("div", { class: "pw-map-title", role: "heading", "aria-level": 3 }, "Who detects what"),
      this.missing,
      this.found,
    );
  }

  update(
    { header, ways, correlations }: ComparisonPayload,
    found: Found | null,
    shown: { selection: string; hovered: string; theme: Theme },
  ): void {
    this.missing.textContent = found?.message || header.missing;
    this.missing.hidden = !this.missing.textContent;
    this.found.hidden = !found;
    if (!found) return;
    const { nodes, label } = found;
    this.note.textContent = nodes.length
      ? `${label}; + positive, − negative. A header orders the table; a cell selects its node.`
      : `No method detects anything (${label}).`;
    this.note.hidden = Boolean(found.message);
    this.table.element.hidden = this.flips.element.hidden = !nodes.length;
    this.table.update({ ways, found, selection: shown.selection, hovered: shown.hovered });
    this.flips.update(found, shown.selection);
    this.correlations.update(correlations as Square, ways, shown.theme);
    this.overlap.element.hidden = !nodes.length;
    this.overlap.update(found.overlap, ways, shown.theme);
  }
}
