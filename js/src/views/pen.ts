/** What maps are drawn with: a canvas, or an SVG picture that takes the same calls. */
export type Pen = Pick<
  CanvasRenderingContext2D,
  | "font"
  | "fillStyle"
  | "strokeStyle"
  | "globalAlpha"
  | "lineWidth"
  | "textAlign"
  | "textBaseline"
  | "imageSmoothingEnabled"
  | "fillRect"
  | "strokeRect"
  | "fillText"
  | "measureText"
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "rect"
  | "fill"
  | "stroke"
  | "save"
  | "restore"
  | "translate"
  | "rotate"
  | "setLineDash"
> & {
  /** Keeps what follows inside the path, until `restore`. */
  clip(): void;
  drawImage(image: HTMLCanvasElement, x: number, y: number, width: number, height: number): void;
};
