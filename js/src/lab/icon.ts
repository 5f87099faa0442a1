import { LabIcon } from "@jupyterlab/ui-components";

const CELLS = [
  [1, 1, 1],
  [8, 1, 0.35],
  [15, 1, 0.6],
  [1, 8, 0.35],
  [8, 8, 1],
  [15, 8, 0.35],
  [1, 15, 0.6],
  [8, 15, 0.35],
  [15, 15, 1],
] as const;

const squares = CELLS.map(
  ([x, y, strength]) =>
    `<rect class="jp-icon3" fill="#616161" x="${x}" y="${y}" width="6" height="6" rx="1" opacity="${strength}"/>`,
);

/** A small map of cells. */
export const icon = new LabIcon({
  name: "patchwidgets:map",
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 22 22">${squares.join("")}</svg>`,
});
