/** Dots beside one another along a line. */
export interface Swarm {
  radius: number;
  /** Above (negative) or below the line in pixels, one for every place; NaN stays NaN. */
  offsets: number[];
  /** How far the dots reach above the line, and as far below. */
  reach: number;
}

const RADII = [4.5, 3.5, 2.75, 2, 1.5] as const;

/**
 * Returns dots that stay at their places along the line and do not hide one another: as large as
 * fits between `most` pixels above and below, and no larger than `largest`. Only where even the smallest do not fit, as where all
 * places are one, do some lie on others.
 */
export function swarm(places: ArrayLike<number>, most: number, largest: number = RADII[0]): Swarm {
  const order = Array.from(places, (_, index) => index)
    .filter((index) => !Number.isNaN(places[index]))
    .sort((a, b) => (places[a] as number) - (places[b] as number) || a - b);
  for (const radius of RADII.filter((one) => one <= largest)) {
    const smallest = radius === RADII.at(-1);
    const made = laid(places, order, radius, smallest ? Math.floor(most / radius) : Infinity);
    if (smallest || made.reach <= most) return made;
  }
  throw new Error("there is a smallest radius");
}

function laid(places: ArrayLike<number>, order: number[], radius: number, rows: number): Swarm {
  const size = 2 * radius + 0.5;
  const ends: number[] = [];
  const offsets = Array.from(places, () => Number.NaN);
  let turn = 0;
  let reach = radius;
  for (const index of order) {
    const place = places[index] as number;
    let row = ends.findIndex((end) => place - end >= size);
    if (row < 0) row = ends.length < rows ? ends.length : turn++ % rows;
    ends[row] = place;
    // Row 0 is the line itself; the others lie above and below it by turns.
    const offset = Math.ceil(row / 2) * size * (row % 2 ? -1 : 1);
    offsets[index] = offset;
    reach = Math.max(reach, Math.abs(offset) + radius);
  }
  return { radius, offsets, reach };
}
