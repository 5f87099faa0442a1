const STEPS: Record<string, [rows: number, columns: number]> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Lets the arrow keys move over the cells of a table, which is one stop for the Tab key. */
export class Roving {
  constructor(
    private readonly table: HTMLTableElement,
    signal: AbortSignal,
  ) {
    table.addEventListener("keydown", (event) => this.key(event), { signal });
    table.addEventListener("focusin", (event) => this.arrive(event.target as HTMLElement), {
      signal,
    });
  }

  /** Makes one cell the stop, after the table was filled; puts the keyboard there if asked to. */
  settle(cell: HTMLElement | null | undefined, focus: boolean): void {
    const stop = cell ?? this.table.rows[0]?.cells[0];
    for (const one of this.cells()) one.tabIndex = one === stop ? 0 : -1;
    if (focus) stop?.focus();
  }

  private key(event: KeyboardEvent): void {
    const cell = (event.target as Element).closest<HTMLTableCellElement>("td, th");
    if (!cell || event.altKey || event.metaKey || event.shiftKey) return;
    const { key, ctrlKey } = event;
    const target = this.target(cell, key, ctrlKey);
    if (target) target.focus();
    else if ((key === "Enter" || key === " ") && !ctrlKey) cell.click();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private target(cell: HTMLTableCellElement, key: string, ctrl: boolean): HTMLElement | undefined {
    const { rows } = this.table;
    const row = (cell.parentElement as HTMLTableRowElement).rowIndex;
    const last = rows.length - 1;
    const end = (index: number) => (rows[index]?.cells.length ?? 1) - 1;
    if (key === "Home") return rows[ctrl ? 0 : row]?.cells[0];
    if (key === "End") return rows[ctrl ? last : row]?.cells[end(ctrl ? last : row)];
    const step = STEPS[key];
    if (!step) return undefined;
    const to = Math.max(0, Math.min(last, row + step[0]));
    const column = Math.max(0, Math.min(end(to), cell.cellIndex + step[1]));
    return rows[to]?.cells[column];
  }

  private arrive(target: HTMLElement): void {
    const cell = target.closest<HTMLTableCellElement>("td, th");
    if (cell) this.settle(cell, false);
  }

  private cells(): HTMLTableCellElement[] {
    return [...this.table.rows].flatMap((row) => [...row.cells]);
  }
}
