/** A cell of a table; null is left empty. */
export type CsvCell = string | number | null;

/** What spreadsheets take for the beginning of a formula. */
const FORMULA = /^[=+\-@\t\r\n|%]/;

/**
 * Returns lines of a table as CSV. A text that a spreadsheet could run as a formula gets an
 * apostrophe in front, which makes it a text; numbers stay numbers.
 */
export function csvOf(lines: CsvCell[][]): string {
  return lines.map((line) => `${line.map(written).join(",")}\r\n`).join("");
}

function written(cell: CsvCell): string {
  if (cell === null) return "";
  if (typeof cell === "number") return String(cell);
  const safe = FORMULA.test(cell) ? `'${cell}` : cell;
  return /[",\r\n\t']|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
