import type { Explorer, Setting, Tab } from "../generated/views";

/** How maps are measured: what makes a setting. */
export interface Chosen {
  direction: string;
  corruption: string;
  metrics: string[];
}

/** Returns what the keys of a setting's maps begin with: in what it is not the first. */
export function settingKey(own: Chosen, first: Chosen): string {
  const words: string[] = [];
  if (own.direction !== first.direction) words.push(own.direction);
  if (own.corruption !== first.corruption) words.push(own.corruption);
  if (own.metrics.join() !== first.metrics.join()) words.push(own.metrics.join(" + "));
  return words.length ? `${words.join(", ")}: ` : "";
}

/** Returns the settings of an explorer; one that does not name any has the one it shows. */
export function settingsOf(header: Explorer): Setting[] {
  if (header.settings?.length) return header.settings;
  const metrics = header.maps[0]?.metrics.map(({ name }) => name) ?? [];
  const { direction, facts, strip, code } = header;
  return [{ key: "", direction, corruption: "", metrics, facts, strip, code }];
}

/** What a first map takes. */
export interface Cost {
  /** In words; empty where that is not known. */
  words: string;
  seconds: number;
}

/** Returns what a first map takes in a setting; where that was never opened, in the first. */
export function costOf(tab: Tab | undefined, setting: string): Cost {
  const own = tab?.elsewhere?.find((one) => one.setting === setting);
  if (own) return { words: own.cost, seconds: own.seconds };
  const words = tab?.cost ?? "";
  const seconds = tab?.seconds ?? 0;
  return { words: words && setting ? `${words} with the first settings` : words, seconds };
}

/** Returns the setting whose key a map's key begins with, and what follows it. */
export function splitKey(key: string, settings: Setting[]): [Setting, string] {
  const own = settings
    .filter((setting) => key.startsWith(setting.key))
    .sort((one, other) => other.key.length - one.key.length)[0];
  const setting = own ?? (settings[0] as Setting);
  return [setting, key.slice(setting.key.length)];
}
