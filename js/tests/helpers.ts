import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { fromBase64 } from "../src/core/arrays";
import type { Choices, Command, Host } from "../src/core/host";
import { type Payload, readBundle } from "../src/core/payload";
import { ExplorerView } from "../src/views/explorer";

/** What a notebook stores. */
export interface Stored {
  schema_version: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests damage it on purpose
  header: any;
  block: string;
  live_id: string;
}

const FOLDER = resolve(import.meta.dirname, "../../tests/fixtures/views");

/** Returns a payload that Python wrote. */
export function stored(name = "synthetic_explorer"): Stored {
  return JSON.parse(readFileSync(`${FOLDER}/${name}.json`, "utf8"));
}

/** Returns the numbers of a payload that Python wrote. */
export function bytesOf({ block }: Stored): Uint8Array {
  return fromBase64(block);
}

/** Returns the explorer that a notebook stores. */
export function read(bundle: Stored): Payload {
  return readBundle(bundle) as Payload;
}

export function payload(name = "synthetic_explorer"): Payload {
  return read(stored(name));
}

/** Returns a payload that has only the first maps of another. */
export function firstMaps(whole: Payload, count: number): Payload {
  const maps = whole.header.maps.slice(0, count) as Payload["header"]["maps"];
  return { ...whole, header: { ...whole.header, maps }, charts: whole.charts.slice(0, count) };
}

/** A host that writes down what it is told. */
export class FakeHost implements Host {
  readonly states: Partial<Choices>[] = [];
  readonly commands: Command[] = [];
  constructor(readonly live = true) {}
  setState(change: Partial<Choices>): void {
    this.states.push(change);
  }
  command(command: Command): void {
    this.commands.push(command);
  }
}

export function mount(host: Host, shown = payload()): ExplorerView {
  document.body.replaceChildren();
  return new ExplorerView(document.body, shown, host);
}

export function grids(view: ExplorerView): HTMLElement[] {
  return [...view.element.querySelectorAll<HTMLElement>('[role="grid"]')];
}

export function press(target: Element, key: string, more: KeyboardEventInit = {}): KeyboardEvent {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...more });
  target.dispatchEvent(event);
  return event;
}

export function textOf(view: ExplorerView, selector: string): string {
  return view.element.querySelector(selector)?.textContent ?? "";
}

/** Presses the button that shows `text`. */
export function click(view: ExplorerView, selector: string, text: string): void {
  const buttons = [...view.element.querySelectorAll<HTMLButtonElement>(selector)];
  const found = buttons.find((button) => button.textContent?.includes(text));
  if (!found) throw new Error(`no button ${text} among ${buttons.map((b) => b.textContent)}`);
  found.click();
}
