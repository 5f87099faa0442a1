/** How an explorer is laid out at a width. */
export function sizeAt(width: number): "narrow" | "medium" | "wide" {
  return width < 620 ? "narrow" : width < 880 ? "medium" : "wide";
}
