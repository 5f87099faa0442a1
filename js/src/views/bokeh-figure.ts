import type { Bokeh, BokehModel, BokehSource, BokehViews, FigureItem } from "../core/bokeh";
import type { Theme } from "../core/theme";

/** Tags that Python puts on what has the colours of the page. */
const INK = "pw-ink";
const LABEL = "pw-label";
const TIP = "pw-tip";

/** What a dot says under the pointer; Bokeh writes `@` columns as text, never as HTML. */
const SAID = `<b>@node</b><div style="max-width: 360px; white-space: pre-line">@says</div>`;

/** One dot as lists and screen readers have it. */
export interface Dot {
  node: string;
  says: string;
}

/** The colours of the page that a figure takes over. */
export interface FigureColors extends Pick<Theme, "text" | "muted" | "font"> {
  line: string;
  background: string;
}

/** A Bokeh figure on the page, whose dots stand for nodes. */
export class BokehFigure {
  /** The node of every dot, the last drawn first: those are the ones of interest. */
  readonly dots: Dot[];
  private readonly sources: BokehSource[];
  private readonly models: BokehModel[];
  private quiet = false;
  private readonly changed = () => this.follow();

  private constructor(
    private readonly views: BokehViews,
    private readonly onSelect: (node: string) => void,
  ) {
    this.models = views.roots.flatMap(({ model }) => [...(model.document?.all_models ?? [])]);
    this.sources = (this.models as BokehSource[]).filter((model) => nodesOf(model).length);
    for (const { selected } of this.sources) {
      selected.properties.indices.change.connect(this.changed);
    }
    this.dots = this.sources.flatMap(dotsOf);
  }

  /** Draws a figure; `onSelect` hears of every node that is clicked, or of none, by its name. */
  static async open(
    bokeh: Bokeh,
    item: FigureItem,
    place: HTMLElement,
    onSelect: (node: string) => void,
  ): Promise<BokehFigure> {
    return new BokehFigure(await bokeh.embed.embed_item(item, place), onSelect);
  }

  /** Marks the dots of a node; no dots where it has none. */
  select(node: string): void {
    this.quiet = true;
    for (const source of this.sources) {
      const wanted = nodesOf(source).flatMap((name, index) =>
        node && name === node ? [index] : [],
      );
      const { selected } = source;
      if (String(selected.indices) !== String(wanted)) selected.indices = wanted;
    }
    this.quiet = false;
  }

  /** Takes over the colours of the page; the dots have their own. */
  paint(colors: FigureColors): void {
    for (const model of this.models) {
      const change = changeOf(model, colors);
      if (change) model.setv(change);
    }
  }

  destroy(): void {
    for (const { selected } of this.sources) {
      selected.properties.indices.change.disconnect(this.changed);
    }
    this.views.clear();
  }

  private follow(): void {
    if (this.quiet) return;
    // Of dots that lie on one another, the one that is seen.
    const chosen = this.sources.flatMap((source) => {
      const { indices } = source.selected;
      return indices.length ? [nodesOf(source)[Math.max(...indices)] as string] : [];
    });
    const node = chosen[chosen.length - 1] ?? "";
    this.select(node);
    this.onSelect(node);
  }
}

function nodesOf(model: BokehSource): string[] {
  const column = model.type === "ColumnDataSource" ? model.get_column("node") : null;
  return column ? Array.from(column, String) : [];
}

function dotsOf(source: BokehSource): Dot[] {
  const says = source.get_column("says");
  return nodesOf(source)
    .map((node, index) => ({ node, says: String(says?.[index] ?? "") }))
    .reverse();
}

function changeOf(model: BokehModel, colors: FigureColors): Record<string, unknown> | null {
  const { text, muted, line, font, background } = colors;
  if (model.tags.includes(LABEL)) {
    return { text_color: text, text_font: font, background_fill_color: background };
  }
  if (model.tags.includes(INK)) return { line_color: text };
  if (model.tags.includes(TIP)) {
    // Bokeh's own box is white and lies outside this view.
    const style = `margin: -5px; padding: 5px 8px; background: ${background}; color: ${text}`;
    return { tooltips: `<div style="${style}">${SAID}</div>` };
  }
  switch (model.type) {
    case "Title":
      return { text_color: text, text_font: font };
    case "LinearAxis":
      return {
        axis_label_text_color: text,
        axis_label_text_font: font,
        axis_label_text_font_style: "normal",
        major_label_text_color: muted,
        major_label_text_font: font,
        axis_line_color: line,
        major_tick_line_color: line,
        minor_tick_line_color: null,
      };
    case "Grid":
      return { grid_line_color: line };
    case "Legend":
      return {
        label_text_color: text,
        title_text_color: muted,
        title_text_font: font,
        label_text_font: font,
        background_fill_color: null,
        border_line_color: null,
      };
    default:
      return null;
  }
}
