import type { Chart } from "../core/chart";
import type { Theme } from "../core/theme";

/** What a map shows. */
export interface HeatmapProps {
  chart: Chart;
  metric: number;
  /** Whether cells that were not measured show what was estimated of them. */
  estimates: boolean;
  /** Most pixels the map may be wide. */
  room: number;
  /** The selected cell, or -1. */
  selected: number;
  /** Cells that the trail runs through, or that the pointer is on elsewhere. */
  passed: number[];
  theme: Theme;
  /** The end of the colour scale, where maps share one; otherwise this map's own. */
  limit?: number;
  /** The end of a scale that the reader may choose to share with other maps. */
  sharable?: number;
  /** Most pixels the cells may be high together, where that is less than usual. */
  tall?: number;
  /** For every cell whether it is detected, as `Sign`. */
  signs?: Uint8Array;
  /** What the map is called, where its title is not enough. */
  label?: string;
  /** What a screen reader says of a cell. */
  describe(cell: number): string;
}

/** What a reader does with a map. */
export interface HeatmapEvents {
  /** The pointer or the keyboard is on a cell; -1 where it has left. */
  hover(cell: number): void;
  select(cell: number): void;
  /** Enter, or a click: `by` says which. */
  open(cell: number, by: "pointer" | "keyboard"): void;
  /** A letter was pressed; returns whether it means anything here. */
  letter(cell: number, letter: string): boolean;
  up(): void;
  escape(): void;
  focus(): void;
  /** The map has another size or another scale: what stands beside it is to be drawn again. */
  restyled?(): void;
}

/** A rectangle in the map's own pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
