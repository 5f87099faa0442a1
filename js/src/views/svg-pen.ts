import type { Pen } from "./pen";

const SPACE = "http://www.w3.org/2000/svg";

type Values = Record<string, string | number>;

/** What XML cannot hold, not even escaped. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ufffe\uffff]/g;

/** Draws into an SVG picture what a canvas would show; every text in it stays text. */
export class SvgPen implements Pen {
  font = "11px sans-serif";
  fillStyle: Pen["fillStyle"] = "#000";
  strokeStyle: Pen["strokeStyle"] = "#000";
  globalAlpha = 1;
  lineWidth = 1;
  textAlign: CanvasTextAlign = "left";
  textBaseline: CanvasTextBaseline = "alphabetic";
  imageSmoothingEnabled = true;
  private readonly root: Element;
  private readonly around: Element[] = [];
  private readonly scratch = document.createElement("canvas").getContext("2d");
  private group: Element;
  private path = "";
  private dash = "";
  private clips = 0;

  constructor(width: number, height: number, title: string) {
    this.root = document.createElementNS(SPACE, "svg");
    const size = { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" };
    set(this.root, size);
    this.group = this.root;
    this.add("title", {}).textContent = writable(title);
  }

  toString(): string {
    return new XMLSerializer().serializeToString(this.root);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.add("rect", { ...box(x, y, width, height), fill: this.ink(this.fillStyle) });
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.add("rect", { ...box(x, y, width, height), fill: "none", ...this.line() });
  }

  fillText(text: string, x: number, y: number): void {
    const [, size = "11px", family = "sans-serif"] = /([\d.]+px)\s+(.*)$/.exec(this.font) ?? [];
    const element = this.add("text", {
      x: short(x),
      y: short(y),
      fill: this.ink(this.fillStyle),
      "font-size": size,
      "font-family": family,
      ...(this.font.includes("bold") ? { "font-weight": "bold" } : {}),
      "text-anchor": { right: "end", center: "middle" }[this.textAlign as string] ?? "start",
      ...(this.textBaseline === "middle" ? { "dominant-baseline": "central" } : {}),
      direction: "ltr",
      style: "unicode-bidi:isolate;white-space:pre",
    });
    element.textContent = writable(text);
  }

  measureText(text: string): TextMetrics {
    if (this.scratch) {
      this.scratch.font = this.font;
      return this.scratch.measureText(text);
    }
    return { width: text.length * 6.5 } as TextMetrics;
  }

  beginPath(): void {
    this.path = "";
  }

  moveTo(x: number, y: number): void {
    this.path += `M${short(x)} ${short(y)}`;
  }

  lineTo(x: number, y: number): void {
    this.path += `L${short(x)} ${short(y)}`;
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`;
  }

  fill(): void {
    this.add("path", { d: this.path, fill: this.ink(this.fillStyle) });
  }

  stroke(): void {
    if (this.path) this.add("path", { d: this.path, fill: "none", ...this.line() });
  }

  clip(): void {
    this.clips += 1;
    const id = `clip-${this.clips}`;
    const kept = document.createElementNS(SPACE, "path");
    kept.setAttribute("d", this.path);
    this.add("clipPath", { id }).append(kept);
    this.group = this.add("g", { "clip-path": `url(#${id})` });
  }

  save(): void {
    this.around.push(this.group);
  }

  restore(): void {
    this.group = this.around.pop() ?? this.root;
  }

  translate(x: number, y: number): void {
    this.group = this.add("g", { transform: `translate(${short(x)} ${short(y)})` });
  }

  rotate(angle: number): void {
    this.group = this.add("g", { transform: `rotate(${short((angle * 180) / Math.PI)})` });
  }

  setLineDash(dash: number[]): void {
    this.dash = dash.join(" ");
  }

  drawImage(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void {
    this.add("image", {
      ...box(x, y, width, height),
      preserveAspectRatio: "none",
      href: image.toDataURL("image/png"),
      style: this.imageSmoothingEnabled ? "" : "image-rendering:pixelated",
    });
  }

  private line(): Values {
    return {
      stroke: this.ink(this.strokeStyle),
      "stroke-width": this.lineWidth,
      ...(this.dash ? { "stroke-dasharray": this.dash } : {}),
    };
  }

  private ink(style: Pen["fillStyle"]): string {
    return typeof style === "string" ? style : "none";
  }

  private add(name: string, attributes: Values): Element {
    const element = document.createElementNS(SPACE, name);
    const faint = this.globalAlpha < 1 && name !== "g" && name !== "clipPath";
    set(element, { ...attributes, ...(faint ? { opacity: this.globalAlpha } : {}) });
    this.group.append(element);
    return element;
  }
}

function box(x: number, y: number, width: number, height: number): Values {
  return { x: short(x), y: short(y), width: short(width), height: short(height) };
}

function set(element: Element, attributes: Values): void {
  for (const [name, value] of Object.entries(attributes)) {
    element.setAttribute(name, writable(String(value)));
  }
}

/** Returns a text without what no XML file may hold. */
export function writable(text: string): string {
  return text.replace(UNWRITABLE, "�");
}

function short(size: number): number {
  return Math.round(size * 100) / 100;
}
