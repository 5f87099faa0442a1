import { h } from "../core/dom";
import type { Layout, Measure } from "./heatmap-layout";
import { type Picture, paintMap, paintMarks } from "./heatmap-paint";

/** What changes with the pointer and the keyboard. */
export interface Pointed {
  selected: number;
  hovered: number;
  passed: number[];
}

/** The two canvases of a map: the cells, and over them what changes with pointer and keyboard. */
export class HeatmapCanvas {
  readonly base = h("canvas", { "aria-hidden": "true" });
  readonly marks = h("canvas", { "aria-hidden": "true" });
  private readonly widths = new Map<string, number>();
  private font = "";

  /** Draws the marks, and the cells too where they have changed. */
  paint(picture: Picture, pointed: Pointed, everything: boolean): void {
    const below = everything ? penFor(this.base, picture.layout) : null;
    if (below) paintMap(below, picture);
    const above = penFor(this.marks, picture.layout);
    if (above) paintMarks(above, picture, pointed);
  }

  /** Returns how wide a label is in a font; each is measured once. */
  measure(font: string): Measure {
    const pen = this.base.getContext("2d");
    if (!pen) return (text) => text.length * 6.5;
    if (this.font !== font) this.widths.clear();
    this.font = font;
    pen.font = `11px ${font}`;
    return (text) => {
      const width = this.widths.get(text) ?? pen.measureText(text).width;
      this.widths.set(text, width);
      return width;
    };
  }
}

function penFor(canvas: HTMLCanvasElement, layout: Layout): CanvasRenderingContext2D | null {
  const scale = window.devicePixelRatio || 1;
  const width = Math.round(layout.width * scale);
  const height = Math.round(layout.height * scale);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
    canvas.style.width = `${layout.width}px`;
    canvas.style.height = `${layout.height}px`;
  }
  const pen = canvas.getContext("2d");
  pen?.setTransform(scale, 0, 0, scale, 0, 0);
  pen?.clearRect(0, 0, layout.width, layout.height);
  return pen;
}
