import { costOf } from "../core/settings";
import type { Option, Tab } from "../generated/views";
import type { Looking } from "./looking";

/** Returns what an option says of a first map: that it is here, or what it would take. */
export function markOf(looking: Looking, key: string, prefix: string, tabs: Tab[]): string {
  switch (looking.chart(prefix + key)?.map.progress.state) {
    case "done":
      return "✓ here";
    case "running":
      return "being measured";
    case "waiting":
      return "waits";
    default:
      return (
        costOf(
          tabs.find((tab) => tab.key === key),
          prefix,
        ).words || "not measured"
      );
  }
}

/** Returns what an option says of the path maps of a form: how many are here. */
export function formMark(looking: Looking, form: string): string {
  const count = looking.pathsIn(form);
  return count ? `✓ ${count} ${count > 1 ? "maps" : "map"} here` : "";
}

/**
 * Returns an option with its mark behind what it says. The one that is chosen has none: its map, or
 * what that would take, is what is looked at, and a closed choice has little room for words.
 */
export function marked({ value, label }: Option, mark: string, chosen?: string): Option {
  return { value, label: mark && value !== chosen ? `${label} · ${mark}` : label };
}
