import type { EntryHead, StoredCoding } from './entry.js';

/*
 * A head as bytes. Numbers, then the length of every string, then all strings as one text, which is decoded at once and
 * cut. Little-endian:
 *
 *    0 56  seven float64: stamp, storedAt, ageAtStore, lifetime, memoryFor, staleWhileRevalidate, staleIfError
 *   56  2  status
 *   58  1  coding
 *   59  1  flags
 *   60 12  three uint32: how many header strings, tags, names of Vary
 *   72  …  one uint32 a string, its length in UTF-16 units: key, primary key (if it is another), status text, class,
 *          headers, tags, Vary
 *    …  …  the strings: a byte a unit if all are below 256, as fields and keys are, else two
 */

const NUMBERS = 7;
const STATUS_AT = 8 * NUMBERS;
const CODING_AT = STATUS_AT + 2;
const FLAGS_AT = CODING_AT + 1;
const COUNTS_AT = FLAGS_AT + 1;
const LENGTHS_AT = COUNTS_AT + 12;

const RECODED = 1;
const MARKER = 2;
const VARIANT = 4;
const WIDE = 8;

const CODINGS: readonly StoredCoding[] = ['identity', 'gzip', 'other'];

export function encodeMetadata(head: EntryHead): Buffer {
  const variant = head.primaryKey !== head.key;
  const names = variant ? [head.key, head.primaryKey] : [head.key];
  const strings = [...names, head.statusText, head.class, ...head.headers, ...head.tags, ...head.vary];
  const text = strings.join('');
  const wide = isWide(text);
  const textAt = LENGTHS_AT + 4 * strings.length;
  const bytes = Buffer.allocUnsafe(textAt + (wide ? 2 : 1) * text.length);
  const { stamp, storedAt, ageAtStore, lifetime, memoryFor, staleWhileRevalidate, staleIfError } = head;
  [stamp, storedAt, ageAtStore, lifetime, memoryFor, staleWhileRevalidate, staleIfError].forEach(
    (number, i) => {
      bytes.writeDoubleLE(number, 8 * i);
    },
  );
  bytes.writeUInt16LE(head.status, STATUS_AT);
  bytes.writeUInt8(CODINGS.indexOf(head.coding), CODING_AT);
  const flags =
    (head.recoded ? RECODED : 0) | (head.marker ? MARKER : 0) | (variant ? VARIANT : 0) | (wide ? WIDE : 0);
  bytes.writeUInt8(flags, FLAGS_AT);
  [head.headers, head.tags, head.vary].forEach(({ length }, i) => {
    bytes.writeUInt32LE(length, COUNTS_AT + 4 * i);
  });
  strings.forEach(({ length }, i) => {
    bytes.writeUInt32LE(length, LENGTHS_AT + 4 * i);
  });
  bytes.write(text, textAt, wide ? 'utf16le' : 'latin1');
  return bytes;
}

/**
 * The head in `bytes` from `start` to `end`. A checksum has proved that these are our bytes; the shape is checked all
 * the same: a bug must be a miss. Undefined when it is wrong, or a number is not finite.
 */
export function decodeMetadata(bytes: Buffer, start: number, end: number): EntryHead | undefined {
  if (end - start < LENGTHS_AT) return undefined;
  const flags = bytes.readUInt8(start + FLAGS_AT);
  const coding = CODINGS[bytes.readUInt8(start + CODING_AT)];
  const headers = bytes.readUInt32LE(start + COUNTS_AT);
  const tags = bytes.readUInt32LE(start + COUNTS_AT + 4);
  const vary = bytes.readUInt32LE(start + COUNTS_AT + 8);
  const names = (flags & VARIANT) === 0 ? 3 : 4;
  const strings = stringsOf(bytes, start + LENGTHS_AT, end, names + headers + tags + vary, flags);
  if (strings === undefined || coding === undefined) return undefined;
  const number = (i: number) => bytes.readDoubleLE(start + 8 * i);
  for (let i = 0; i < NUMBERS; i += 1) if (!Number.isFinite(number(i))) return undefined;
  const tagsAt = names + headers;
  const varyAt = tagsAt + tags;
  return {
    key: strings[0]!,
    primaryKey: strings[names - 3]!,
    status: bytes.readUInt16LE(start + STATUS_AT),
    statusText: strings[names - 2]!,
    headers: strings.slice(names, tagsAt),
    coding,
    recoded: (flags & RECODED) !== 0,
    class: strings[names - 1]!,
    tags: strings.slice(tagsAt, varyAt),
    stamp: number(0),
    storedAt: number(1),
    ageAtStore: number(2),
    lifetime: number(3),
    memoryFor: number(4),
    staleWhileRevalidate: number(5),
    staleIfError: number(6),
    vary: strings.slice(varyAt),
    marker: (flags & MARKER) !== 0,
  };
}

/** All strings, cut out of one. Undefined when their lengths are not those of the text. */
function stringsOf(
  bytes: Buffer,
  lengthsAt: number,
  end: number,
  count: number,
  flags: number,
): string[] | undefined {
  const textAt = lengthsAt + 4 * count;
  if (textAt > end) return undefined;
  const text = bytes.toString((flags & WIDE) === 0 ? 'latin1' : 'utf16le', textAt, end);
  const strings: string[] = [];
  let at = 0;
  for (let i = 0; i < count; i += 1) {
    const next = at + bytes.readUInt32LE(lengthsAt + 4 * i);
    strings.push(text.substring(at, next));
    at = next;
  }
  return at === text.length ? strings : undefined;
}

function isWide(text: string): boolean {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 0xff) return true;
  return false;
}
