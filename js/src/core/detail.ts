import type { Detail } from "../generated/views";
import { type AttentionPayload, readAttention } from "./attention";
import { type EffectsPayload, readEffects } from "./prompt-effects";

/** What a payload holds of one selected cell, decoded. */
export interface DetailPayload {
  header: Detail;
  effects: EffectsPayload;
  patterns: AttentionPayload[];
}

/** Returns a detail with its numbers decoded, or throws a `PayloadError`. */
export function readDetail(header: Detail, bytes: Uint8Array): DetailPayload {
  return {
    header,
    effects: readEffects(header.effects, bytes),
    patterns: header.patterns.map((one) => readAttention(one, bytes)),
  };
}

/** Returns the newest detail of a cell; of this pair if there is one. */
export function detailOf(
  details: DetailPayload[],
  map: string,
  node: string,
  prompt: number,
): DetailPayload | null {
  const own = details.filter(({ header }) => header.map === map && header.node === node);
  return own.findLast(({ header }) => header.prompt === prompt) ?? own.at(-1) ?? null;
}
