import type { Bokeh, FigureItem } from "../core/bokeh";
import { fill, freshId, h } from "../core/dom";
import { adoptTheme, watchTheme } from "../core/theme";
import type { Figure } from "../generated/views";
import { BokehFigure } from "./bokeh-figure";

const STILL = "A still picture: dots can be pointed at while the kernel that made it runs.";

/** A chart that is no map: a still picture, until BokehJS draws it. */
export class FigureView {
  readonly element: HTMLElement;
  private readonly listening = new AbortController();
  private readonly still = h("img", { class: "pw-figure-still" });
  private readonly note = h("div", { class: "pw-figure-note" });
  private readonly place = h("div", { class: "pw-figure-live", role: "figure" });
  private readonly picker = h("select", { "data-lm-suppress-shortcuts": "true" });
  private readonly status = h("div", { class: "pw-figure-says", role: "status" });
  private readonly foot: HTMLElement;
  private figure: BokehFigure | null = null;
  private selection = "";
  private drawing = 0;

  constructor(
    parent: HTMLElement,
    private header: Figure,
    private tell: (selection: string) => void = () => {},
  ) {
    const id = freshId("node");
    this.picker.id = id;
    const label = h("label", { for: id }, "Node ");
    this.foot = h(
      "div",
      { class: "pw-figure-foot", hidden: true },
      label,
      this.picker,
      this.status,
    );
    const parts = [this.still, this.place, this.note, this.foot];
    this.element = h("div", { class: "pw-figure" }, ...parts);
    parent.append(this.element);
    this.picker.onchange = () => this.pick(this.picker.value);
    watchTheme(() => this.retheme(), this.listening.signal);
    this.update(header);
  }

  /** Shows a newer still picture in place. */
  update(header: Figure): void {
    this.header = header;
    this.still.alt = `${header.title}\n${header.text}`;
    this.still.src = `data:image/svg+xml,${encodeURIComponent(header.picture)}`;
    this.still.hidden = !header.picture || this.figure !== null;
    this.place.setAttribute("aria-label", `${header.title}\n${header.text}`);
    this.note.textContent = this.figure ? "" : STILL;
    this.retheme();
  }

  /** Draws the figure itself instead of the picture; the last one asked for wins. */
  async draw(bokeh: Bokeh, item: FigureItem): Promise<void> {
    this.drawing += 1;
    const turn = this.drawing;
    const place = h("div", {});
    // Bokeh takes its size from an element that is on the page.
    this.place.append(place);
    const drawn = await BokehFigure.open(bokeh, item, place, (node) => this.pick(node));
    if (turn !== this.drawing || this.listening.signal.aborted) {
      drawn.destroy();
      place.remove();
      return;
    }
    this.figure?.destroy();
    this.figure = drawn;
    this.place.replaceChildren(place);
    this.offer();
    this.update(this.header);
    this.choose(this.selection);
  }

  /** Says why there is no more than a still picture. */
  complain(reason: string): void {
    this.note.textContent = `${STILL} ${reason}`;
  }

  /** Marks a node that was chosen elsewhere. */
  choose(selection: string): void {
    this.selection = selection;
    this.figure?.select(selection);
    const dot = this.figure?.dots.find(({ node }) => node === selection);
    this.picker.value = dot ? selection : "";
    const said = dot ? `${dot.node}: ${dot.says}` : this.header.text;
    this.status.textContent = said.replaceAll("\n", " · ");
  }

  /** Tells another place from now on what is chosen here. */
  connect(tell: (selection: string) => void): void {
    this.tell = tell;
  }

  destroy(): void {
    this.listening.abort();
    this.figure?.destroy();
    this.element.remove();
  }

  private pick(selection: string): void {
    if (selection === this.selection) return;
    this.choose(selection);
    this.tell(selection);
  }

  /** Lists the nodes for those who point at no dot. */
  private offer(): void {
    const names = new Set(this.figure?.dots.map(({ node }) => node));
    const options = [...names].map((node) => h("option", { value: node }, node));
    fill(this.picker, h("option", { value: "" }, "none"), ...options);
    this.foot.hidden = !names.size;
  }

  private retheme(): void {
    const { text, muted, font, palette } = adoptTheme(this.element);
    // The picture has both themes and follows this.
    this.still.style.colorScheme = palette.dark ? "dark" : "light";
    const style = getComputedStyle(this.element);
    const line = style.getPropertyValue("--pw-line").trim() || muted;
    this.figure?.paint({ text, muted, font, line, background: style.backgroundColor });
  }
}
