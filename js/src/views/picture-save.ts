import { button, h } from "../core/dom";
import { download } from "../core/download";
import { s } from "../core/svg";
import type { Theme } from "../core/theme";
import { fileNameOf } from "./heatmap-save";
import { writable } from "./svg-pen";
import { wrapped } from "./wrapped";

const FORMATS = ["png", "svg"] as const;

type Format = (typeof FORMATS)[number];

/** Pixels of a saved picture for each pixel on the page. */
const SHARP = 2;
const EDGE = 12;
const LINE = 17;
const NARROWEST = 420;

/** What the page's style sheet gives a shape, and a file must bring with it. */
const LOOKS = [
  ...["fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity"],
  ...["font-family", "font-size", "font-weight", "text-anchor", "dominant-baseline"],
  ...["opacity", "paint-order"],
];

/** What a file has no use for: how a shape is found, read out and reached in the page. */
const OF_THE_PAGE = /^(class|style|role|tabindex|(aria|data)-.*)$/;

/** A view that is drawn as SVG, with everything that is said of it, as it is saved. */
export interface SvgSheet {
  name: string;
  title: string;
  theme: Theme;
  /** From top to bottom: pictures as they are drawn, and texts. */
  parts: (SVGSVGElement | string)[];
}

/** A picture as the text of a file, and its size in pixels. */
export interface SavedPicture {
  svg: string;
  width: number;
  height: number;
}

/** Returns buttons that save what is seen, without any network. */
export function saveButtons(sheet: () => SvgSheet | null): HTMLElement {
  const save = async (format: Format) => {
    const now = sheet();
    if (now) await savePicture(now, format);
  };
  return h(
    "div",
    { class: "pw-save" },
    ...FORMATS.map((format) =>
      button({ class: "pw-button" }, () => void save(format), `Save as ${format.toUpperCase()}`),
    ),
  );
}

async function savePicture(sheet: SvgSheet, format: Format): Promise<void> {
  const picture = pictureOf(sheet);
  const svg = new Blob([picture.svg], { type: "image/svg+xml;charset=utf-8" });
  const blob = format === "svg" ? svg : await pngOf(picture);
  if (blob) download(blob, `${fileNameOf(sheet.name)}.${format}`);
}

/** Returns a sheet as SVG. */
export function pictureOf({ title, theme, parts }: SvgSheet): SavedPicture {
  const size = (picture: SVGSVGElement, side: "width" | "height") =>
    Number(picture.getAttribute(side));
  const widths = parts.map((part) => (typeof part === "string" ? 0 : size(part, "width")));
  const across = Math.max(NARROWEST, ...widths);
  const drawn: Element[] = [];
  let y = EDGE;
  const write = (text: string, fill: string, letters: number, weight?: string) => {
    const font = weight ? `${weight} ${letters}px ${theme.font}` : `${letters}px ${theme.font}`;
    for (const line of wrapped(text, across, widthIn(font))) {
      const place = { x: EDGE, y: y + LINE / 2, "dominant-baseline": "central", fill };
      const look = { "font-family": theme.font, "font-size": letters, "font-weight": weight };
      drawn.push(s("text", { ...place, ...look }, line));
      y += LINE;
    }
  };
  write(title, theme.text, 14, "bold");
  for (const part of parts) {
    if (typeof part === "string") write(part, theme.muted, 12);
    else {
      const copies = [...part.children].map(copyOf);
      drawn.push(s("g", { transform: `translate(${EDGE} ${y})` }, ...copies));
      y += size(part, "height") + 4;
    }
  }
  const [width, height] = [across + 2 * EDGE, y + EDGE];
  const fill = theme.background ?? (theme.palette.dark ? "#16191e" : "#fff");
  const root = s(
    "svg",
    { width, height, viewBox: `0 0 ${width} ${height}`, role: "img" },
    s("title", {}, title),
    s("rect", { width, height, fill }),
    ...drawn,
  );
  return { svg: writable(new XMLSerializer().serializeToString(root)), width, height };
}

function widthIn(font: string): (text: string) => number {
  const pen = document.createElement("canvas").getContext("2d");
  if (pen) pen.font = font;
  return (text) => pen?.measureText(text).width ?? text.length * 6.5;
}

/** Returns a shape with its looks written on it. */
function copyOf(shape: Element): Element {
  const copy = document.createElementNS("http://www.w3.org/2000/svg", shape.localName);
  for (const { name, value } of shape.attributes) {
    if (!OF_THE_PAGE.test(name)) copy.setAttribute(name, value);
  }
  const looks = getComputedStyle(shape);
  for (const name of shape.localName === "title" ? [] : LOOKS) {
    const value = looks.getPropertyValue(name);
    if (value) copy.setAttribute(name, value);
  }
  for (const child of shape.childNodes) {
    if (child instanceof Element) copy.append(copyOf(child));
    else copy.append(child.textContent ?? "");
  }
  return copy;
}

async function pngOf({ svg, width, height }: SavedPicture): Promise<Blob | null> {
  const canvas = document.createElement("canvas");
  canvas.width = width * SHARP;
  canvas.height = height * SHARP;
  const pen = canvas.getContext("2d");
  if (!pen) return null;
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  pen.drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/png"));
}
