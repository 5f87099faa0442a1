/** A map as the keyboard sees it: which cells can be stood on. */
export interface Field {
  height: number;
  width: number;
  exists(cell: number): boolean;
}

/** How many rows PageUp and PageDown move: about a sixth of the map. */
function pageOf(field: Field): number {
  return Math.max(1, Math.round(field.height / 6));
}

/** Returns the cell a key leads to from `cell`, or null where the key does not move. */
export function move(key: string, ctrl: boolean, cell: number, field: Field): number | null {
  const row = Math.floor(cell / field.width);
  const column = cell % field.width;
  switch (key) {
    case "ArrowUp":
      return vertical(field, row - 1, column, -1, cell);
    case "ArrowDown":
      return vertical(field, row + 1, column, 1, cell);
    case "PageUp":
      return vertical(field, Math.max(0, row - pageOf(field)), column, 1, cell);
    case "PageDown":
      return vertical(field, Math.min(field.height - 1, row + pageOf(field)), column, -1, cell);
    case "ArrowLeft":
      return firstIn(field, cell - 1, row * field.width - 1, -1) ?? cell;
    case "ArrowRight":
      return firstIn(field, cell + 1, (row + 1) * field.width, 1) ?? cell;
    case "Home":
      return firstIn(field, ctrl ? 0 : row * field.width, field.height * field.width, 1) ?? cell;
    case "End":
      return firstIn(field, (ctrl ? field.height : row + 1) * field.width - 1, -1, -1) ?? cell;
    default:
      return null;
  }
}

function firstIn(field: Field, from: number, to: number, step: 1 | -1): number | null {
  for (let cell = from; cell !== to; cell += step) {
    if (field.exists(cell)) return cell;
  }
  return null;
}

function vertical(field: Field, from: number, column: number, step: 1 | -1, stay: number): number {
  for (let row = from; row >= 0 && row < field.height; row += step) {
    const cell = nearestInRow(field, row, column);
    if (cell !== null) return cell;
  }
  return stay;
}

function nearestInRow(field: Field, row: number, column: number): number | null {
  for (let away = 0; away < field.width; away++) {
    for (const candidate of [column - away, column + away]) {
      const inside = candidate >= 0 && candidate < field.width;
      if (inside && field.exists(row * field.width + candidate))
        return row * field.width + candidate;
    }
  }
  return null;
}
