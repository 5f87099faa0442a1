import {
  type AttentionPayload,
  attendedIn,
  percent,
  placeLabel,
  tokenOf,
  visible,
} from "../core/attention";
import { button, fill, h } from "../core/dom";
import type { Place } from "../generated/views";

/** Less attention than this is folded away where it has no role either. */
const LITTLE = 0.01;

/** What one destination attends to: a row for every token, the runs beside each other. */
export class AttentionBars {
  private readonly table = h("table", { class: "pw-attended" });
  readonly element = h("div", {}, this.table);
  private open = false;
  private drawn: [AttentionPayload, number] | null = null;

  /** @param chosen Takes a position that is to be the destination. */
  constructor(private readonly chosen: (destination: number) => void) {}

  update(payload: AttentionPayload, from: number): void {
    if (this.drawn?.[0] === payload && this.drawn[1] === from) return;
    this.drawn = [payload, from];
    this.render(payload, from);
  }

  private render(payload: AttentionPayload, from: number): void {
    const { header } = payload;
    const shares = header.runs.map((_, run) => attendedIn(payload, run, from));
    const limit = Math.max(...shares.flatMap((one) => [...one.slice(0, from + 1)])) || 1;
    const base = header.runs.findIndex(({ name }) => name === header.base);
    const places = header.places.slice(0, from + 1);
    const folded = places.filter((place, at) => isLittle(place, at, from, shares));
    const shown = places.flatMap((place, at) =>
      this.open || folded.length < 2 || !folded.includes(place)
        ? [
            this.row(
              header.destinations.includes(at),
              place,
              at,
              from,
              shares,
              limit,
              base,
              payload,
            ),
          ]
        : [],
    );
    this.table.setAttribute("aria-label", `what ${placeLabel(places[from] as Place)} attends to`);
    fill(
      this.table,
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          h("th", { scope: "col" }, "token"),
          ...header.runs.map(({ name, label }) => h("th", { scope: "col", title: label }, name)),
        ),
      ),
      h("tbody", {}, ...shown, folded.length > 1 && this.fold(payload, from, folded.length)),
    );
  }

  private row(
    here: boolean,
    place: Place,
    at: number,
    from: number,
    shares: Float32Array[],
    limit: number,
    base: number,
    { header }: AttentionPayload,
  ): HTMLElement {
    const heading = h(
      "th",
      { scope: "row", "data-at": at, class: place.differs && "pw-differs" },
      h(
        "span",
        { class: "pw-attended-name" },
        h("span", { class: "pw-token", title: titleOf(place, at) }, tokenOf(place)),
        place.role && h("span", { class: "pw-role" }, place.role),
      ),
    );
    // A reader without a pointer has the list of destinations.
    if (here && at !== from) heading.onclick = () => this.chosen(at);
    heading.classList.toggle("pw-attends", here && at !== from);
    const was = header.runs.some(({ name }) => name === "patched") ? shares[base]?.[at] : undefined;
    const cells = header.runs.map(({ name }, run) => {
      const share = shares[run]?.[at] ?? Number.NaN;
      return cell(share, limit, name, name === "patched" ? was : undefined);
    });
    return h("tr", { class: at === from && "pw-from" }, heading, ...cells);
  }

  private fold(payload: AttentionPayload, from: number, count: number): HTMLElement {
    const text = this.open ? "show less" : `${count} tokens below 1 % each`;
    const toggle = button(
      { class: "pw-link", "aria-expanded": String(this.open) },
      () => {
        this.open = !this.open;
        this.render(payload, from);
        this.table.querySelector<HTMLElement>("button")?.focus();
      },
      text,
    );
    return h("tr", {}, h("td", { colspan: payload.header.runs.length + 1 }, toggle));
  }
}

function cell(share: number, limit: number, name: string, was?: number): HTMLElement {
  const bar = h("i", { class: "pw-share", "data-run": name });
  bar.style.width = `${Math.max(0, Math.min(100, (100 * share) / limit)) || 0}%`;
  const track = h("span", { class: "pw-share-track", "aria-hidden": "true" }, bar);
  if (was !== undefined && !Number.isNaN(was)) {
    const mark = h("i", { class: "pw-was" });
    mark.style.left = `${Math.min(100, (100 * was) / limit)}%`;
    track.append(mark);
  }
  const title = was === undefined ? "" : `${percent(was)} before the patch`;
  return h("td", { title: title || null }, track, h("span", {}, percent(share)));
}

function isLittle(place: Place, at: number, from: number, shares: Float32Array[]): boolean {
  return !place.role && at !== from && shares.every((one) => !((one[at] as number) >= LITTLE));
}

function titleOf({ clean, corrupted, differs }: Place, at: number): string {
  const tokens = differs ? `${visible(clean)}, corrupted ${visible(corrupted)}` : visible(clean);
  return `position ${at}: ${tokens}`;
}
