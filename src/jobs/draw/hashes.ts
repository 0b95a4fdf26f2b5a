// The two hashes by which fio's distributions spread what they draw (hash.h).

/** hash.h, GOLDEN_RATIO_64, as two words. */
const GOLDEN_HIGH = 0x61c88646;
const GOLDEN_LOW = 0x80b583eb;
const WORD = 2 ** 32;
/** A remainder of 2^37 or less times 2^16 is exact in a double. */
const MOST_BY_16_BITS = 2 ** 37;

/**
 * `(__hash_u64(value) + add) % bound`, the sum taken modulo 2^64 as in C.
 * @param value 0 to 2^53 - 1
 * @param add 0 to 2^53 - 1
 * @param bound 1 to 2^53 - 1
 */
export function spreadBelow(value: number, add: number, bound: number): number {
  const valueHigh = Math.floor(value / WORD);
  const valueLow = value >>> 0;
  const low = multiply(valueLow, GOLDEN_LOW);
  const sumLow = low.low + (add >>> 0);
  const high =
    low.high +
    Math.imul(valueLow, GOLDEN_HIGH) +
    Math.imul(valueHigh, GOLDEN_LOW) +
    Math.floor(add / WORD) +
    (sumLow >= WORD ? 1 : 0);
  return remainder(high >>> 0, sumLow >>> 0, bound);
}

/** The 64-bit product of two words. */
function multiply(a: number, b: number): { high: number; low: number } {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const upper = aHigh * b;
  const lower = aLow * b;
  const middle = (upper % 0x10000) * 0x10000 + lower;
  return { high: Math.floor(upper / 0x10000) + Math.floor(middle / WORD), low: middle % WORD };
}

function remainder(high: number, low: number, bound: number): number {
  if (bound > MOST_BY_16_BITS) return Number((BigInt(high) * BigInt(WORD) + BigInt(low)) % BigInt(bound));
  const upper = ((high % bound) * 0x10000 + (low >>> 16)) % bound;
  return (upper * 0x10000 + (low & 0xffff)) % bound;
}

/** Bob Jenkins' hash of a name, of whose longer strings fio reads every fourth byte (hash.h, jhash). */
export function jenkinsHash(text: string): number {
  const bytes = new TextEncoder().encode(text);
  const start = (GOLDEN_32 + bytes.length) | 0;
  let [a, b, c] = [start, start, start];
  let at = 0;
  let left = bytes.length;
  for (; left > 12; at += 12, left -= 12) {
    a = (a + byteAt(bytes, at)) | 0;
    b = (b + byteAt(bytes, at + 4)) | 0;
    c = (c + byteAt(bytes, at + 8)) | 0;
    [a, b, c] = mixed(a, b, c);
  }
  if (left === 0) return c >>> 0;
  const word = (first: number): number => {
    let sum = 0;
    for (let i = 0; i < 4 && first + i < left; i++) sum |= byteAt(bytes, at + first + i) << (8 * i);
    return sum;
  };
  return final((a + word(0)) | 0, (b + word(4)) | 0, (c + word(8)) | 0);
}

const GOLDEN_32 = 0x61c88647;

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}

function rol(word: number, shift: number): number {
  return (word << shift) | (word >>> (32 - shift));
}

function mixed(a: number, b: number, c: number): [number, number, number] {
  for (const [shiftC, shiftA, shiftB] of [
    [4, 6, 8],
    [16, 19, 4],
  ] as const) {
    a = ((a - c) ^ rol(c, shiftC)) | 0;
    c = (c + b) | 0;
    b = ((b - a) ^ rol(a, shiftA)) | 0;
    a = (a + c) | 0;
    c = ((c - b) ^ rol(b, shiftB)) | 0;
    b = (b + a) | 0;
  }
  return [a, b, c];
}

function final(a: number, b: number, c: number): number {
  c = ((c ^ b) - rol(b, 14)) | 0;
  a = ((a ^ c) - rol(c, 11)) | 0;
  b = ((b ^ a) - rol(a, 25)) | 0;
  c = ((c ^ b) - rol(b, 16)) | 0;
  a = ((a ^ c) - rol(c, 4)) | 0;
  b = ((b ^ a) - rol(a, 14)) | 0;
  c = ((c ^ b) - rol(b, 24)) | 0;
  return c >>> 0;
}
