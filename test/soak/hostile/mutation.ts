import fc from 'fast-check';

/** Bytes that end something, or that parsers differ about. */
const SEPARATORS = ['\r', '\n', '\r\n', '\0', ':', ' ', '\t', '\x0b', ',', ';', '\r\n\r\n'];

type Change = (bytes: string) => string;

const place = fc.double({ min: 0, max: 0.999, noNaN: true });
const at = (bytes: string, share: number) => Math.floor(bytes.length * share);

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.constantFrom(...SEPARATORS)).map(
    ([share, text]): Change =>
      (bytes) =>
        bytes.slice(0, at(bytes, share)) + text + bytes.slice(at(bytes, share)),
  ),
  fc.tuple(place, fc.nat(7)).map(
    ([share, bit]): Change =>
      (bytes) => {
        const index = at(bytes, share);
        const flipped = String.fromCharCode((bytes.charCodeAt(index) || 0) ^ (1 << bit));
        return bytes.slice(0, index) + flipped + bytes.slice(index + 1);
      },
  ),
  place.map(
    (share): Change =>
      (bytes) =>
        bytes.slice(0, at(bytes, share)) + bytes.slice(at(bytes, share) + 1),
  ),
  fc.tuple(place, fc.constantFrom(...SEPARATORS)).map(
    ([share, text]): Change =>
      (bytes) =>
        bytes.slice(0, at(bytes, share)) + text + bytes.slice(at(bytes, share) + 1),
  ),
);

/** Requests (latin1) with one to four changes. */
export function mutated(wells: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(wells, fc.array(change, { minLength: 1, maxLength: 4 }))
    .map(([bytes, changes]) => changes.reduce((text, next) => next(text), bytes));
}
