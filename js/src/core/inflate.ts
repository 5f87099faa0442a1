import { PayloadError } from "./arrays";

/** Lengths and distances of repeated bytes: RFC 1951, section 3.2.5. */
const LENGTHS = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
];
const DISTANCES = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const LENGTH_BITS = LENGTHS.map((_, i) => (i < 8 || i === 28 ? 0 : (i >> 2) - 1));
const DISTANCE_BITS = DISTANCES.map((_, i) => (i < 4 ? 0 : (i >> 1) - 1));
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** How many bytes an output may unpack to; more than any page could draw. */
export const MOST_BYTES = 1 << 28;

/** Every code by its bits, as `symbol << 4 | length`; 0 where there is none. */
interface Codes {
  bits: number;
  entries: Uint16Array;
}

/**
 * Returns the bytes that zlib packed into `data` (RFC 1950), or throws a `PayloadError`.
 *
 * The page's own `DecompressionStream` answers later, and a view is drawn at once.
 */
export function inflate(data: Uint8Array, size: number): Uint8Array {
  if (!Number.isInteger(size) || size < 0 || size > MOST_BYTES) throw broken();
  const [method = 0, flags = 0] = data;
  if ((method & 15) !== 8 || ((method << 8) | flags) % 31 || flags & 32) throw broken();
  const bits = new Bits(data.subarray(2));
  const out = new Uint8Array(size);
  let at = 0;
  for (let last = 0; !last; ) {
    last = bits.take(1);
    const kind = bits.take(2);
    if (kind === 0) at = copyStored(bits, out, at);
    else at = unpack(bits, kind === 1 ? FIXED : readCodes(bits, kind), out, at);
  }
  if (at !== size || bits.checksum() !== adler32(out)) throw broken();
  return out;
}

class Bits {
  private at = 0;
  private hold = 0;
  private count = 0;

  constructor(private readonly data: Uint8Array) {}

  /** Returns the next `n` bits, at most 16, without taking them; zeros after the end. */
  peek(n: number): number {
    while (this.count < n) {
      if (this.at > this.data.length + 4) throw broken();
      this.hold |= (this.data[this.at++] ?? 0) << this.count;
      this.count += 8;
    }
    return this.hold & ((1 << n) - 1);
  }

  drop(n: number): void {
    this.hold >>>= n;
    this.count -= n;
  }

  take(n: number): number {
    const value = this.peek(n);
    this.drop(n);
    return value;
  }

  symbol({ bits, entries }: Codes): number {
    const entry = entries[this.peek(bits)] as number;
    if (!entry) throw broken();
    this.drop(entry & 15);
    return entry >> 4;
  }

  /** Returns `n` whole bytes from the next whole byte on. */
  bytes(n: number): Uint8Array {
    this.drop(this.count & 7);
    const start = this.at - (this.count >> 3);
    if (start + n > this.data.length) throw broken();
    this.at = start + n;
    this.hold = this.count = 0;
    return this.data.subarray(start, this.at);
  }

  checksum(): number {
    return this.bytes(4).reduce((sum, byte) => sum * 256 + byte, 0);
  }
}

function copyStored(bits: Bits, out: Uint8Array, at: number): number {
  const [a = 0, b = 0, c = 0, d = 0] = bits.bytes(4);
  const length = a | (b << 8);
  if ((length ^ (c | (d << 8))) !== 0xffff || at + length > out.length) throw broken();
  out.set(bits.bytes(length), at);
  return at + length;
}

function unpack(bits: Bits, [letters, distances]: Codes[], out: Uint8Array, start: number) {
  let at = start;
  for (;;) {
    const symbol = bits.symbol(letters as Codes);
    if (symbol === 256) return at;
    if (symbol < 256) {
      if (at >= out.length) throw broken();
      out[at++] = symbol;
      continue;
    }
    const length = extended(bits, symbol - 257, LENGTHS, LENGTH_BITS);
    const back = extended(bits, bits.symbol(distances as Codes), DISTANCES, DISTANCE_BITS);
    if (back > at || at + length > out.length) throw broken();
    for (const end = at + length; at < end; at++) out[at] = out[at - back] as number;
  }
}

function extended(bits: Bits, code: number, bases: number[], extra: number[]): number {
  const base = bases[code];
  if (base === undefined) throw broken();
  return base + bits.take(extra[code] as number);
}

function readCodes(bits: Bits, kind: number): Codes[] {
  if (kind !== 2) throw broken();
  const letters = bits.take(5) + 257;
  const distances = bits.take(5) + 1;
  const orders = bits.take(4) + 4;
  const lengths = new Array<number>(19).fill(0);
  for (const at of ORDER.slice(0, orders)) lengths[at] = bits.take(3);
  const codes = codesOf(lengths);
  const all: number[] = [];
  while (all.length < letters + distances) {
    const symbol = bits.symbol(codes);
    const times = symbol < 16 ? 1 : symbol === 16 ? 3 + bits.take(2) : 0;
    const zeros = symbol === 17 ? 3 + bits.take(3) : symbol === 18 ? 11 + bits.take(7) : 0;
    const value = symbol < 16 ? symbol : symbol === 16 ? all[all.length - 1] : 0;
    if (value === undefined) throw broken();
    for (let i = 0; i < times + zeros; i++) all.push(value);
  }
  return [codesOf(all.slice(0, letters)), codesOf(all.slice(letters, letters + distances))];
}

/** Returns canonical Huffman codes by their bits, the first bit lowest: RFC 1951, 3.2.2. */
function codesOf(lengths: number[]): Codes {
  const bits = Math.max(1, ...lengths);
  const entries = new Uint16Array(1 << bits);
  let code = 0;
  for (let length = 1; length <= bits; length++) {
    lengths.forEach((own, symbol) => {
      if (own !== length) return;
      if (code >= 1 << length) throw broken();
      let first = 0;
      for (let i = 0; i < length; i++) first |= ((code >> i) & 1) << (length - 1 - i);
      for (let at = first; at < entries.length; at += 1 << length) {
        entries[at] = (symbol << 4) | length;
      }
      code++;
    });
    code <<= 1;
  }
  return { bits, entries };
}

const FIXED: Codes[] = [
  codesOf(Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8))),
  codesOf(new Array<number>(30).fill(5)),
];

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (let at = 0; at < bytes.length; ) {
    // So many sums fit 32 bits before they are cut down.
    for (const end = Math.min(at + 3800, bytes.length); at < end; at++) {
      a += bytes[at] as number;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}

function broken(): PayloadError {
  return new PayloadError(
    "This output is damaged and cannot be drawn: its numbers do not unpack to what was packed.",
  );
}
