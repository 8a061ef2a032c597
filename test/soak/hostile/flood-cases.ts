import { LIMITS, MAX_FIELDS, MAX_TARGET } from '../../../src/server/limits.js';
import { type Hostile, head, TITLE } from './smuggling-cases.js';

const KIB = 1024;
/** Above it a head is refused, bytes. */
const MOST_HEAD = LIMITS.maxHeaderSize;
const many = (count: number, line: (n: number) => string) => Array.from({ length: count }, (_, n) => line(n));
const ranges = (count: number) => many(count, (n) => `${n * 2}-${n * 2}`).join(',');

const WORD = 'a'.repeat(16_000);
const WITH_WORD = `${TITLE}?keys=${WORD}`;
const WITH_ESCAPES = `${TITLE}?a=%${'25'.repeat(7000)}`;

interface Flood extends Hostile {
  /** What the origin is asked for, default `TITLE`. */
  readonly target?: string;
}

/** Titles in a head that fits; above that 431, or 414 where the target alone is too long. */
export const FLOODS: readonly Flood[] = [
  ...[8, 16, 30, 33, 64, 256, 1024].flatMap((kib) => {
    const long = 'x'.repeat(kib * KIB);
    const statuses = [long.length < MOST_HEAD ? 200 : 431];
    const ofTarget = statuses[0] === 200 && long.length >= MAX_TARGET ? [414] : statuses;
    return [
      { name: `a value of ${kib} KiB`, bytes: head('GET', TITLE, `X-Long: ${long}`), statuses },
      { name: `a name of ${kib} KiB`, bytes: head('GET', TITLE, `X-${long}: a`), statuses },
      { name: `a cookie of ${kib} KiB`, bytes: head('GET', TITLE, `Cookie: a=${long}`), statuses },
      { name: `a query of ${kib} KiB`, bytes: head('GET', `${TITLE}?api_key=${long}`), statuses: ofTarget },
    ];
  }),
  { name: 'a method of 1 MiB', bytes: `${'G'.repeat(KIB * KIB)} ${TITLE} HTTP/1.1\r\n\r\n`, statuses: [400] },
  { name: '1 MiB without a line', bytes: '\x01'.repeat(KIB * KIB), statuses: [400] },
  {
    name: 'as many fields as are taken',
    bytes: head('GET', TITLE, ...many(MAX_FIELDS - 1, (n) => `X-${n}: a`)),
    statuses: [200],
  },
  {
    name: '20000 requests behind one without Host',
    bytes: 'GET / HTTP/1.1\r\n\r\n'.repeat(20_000),
    statuses: [400],
  },
  { name: '1500 fields', bytes: head('GET', TITLE, ...many(1500, (n) => `X-${n}: a`)), statuses: [431] },
  { name: '20000 fields', bytes: head('GET', TITLE, ...many(20_000, (n) => `X-${n}: a`)), statuses: [431] },
  {
    name: 'one field 1500 times',
    bytes: head('GET', TITLE, ...many(1500, () => 'Accept: a/b')),
    statuses: [431],
  },
  {
    name: 'If-None-Match of 3000 tags',
    bytes: head('GET', TITLE, `If-None-Match: ${many(3000, (n) => `"${n}"`).join(', ')}`),
    statuses: [200],
  },
  {
    name: 'If-None-Match of 30000 quotes',
    bytes: head('GET', TITLE, `If-None-Match: ${'"'.repeat(30_000)}`),
    statuses: [200],
  },
  {
    name: 'If-None-Match of 30000 commas',
    bytes: head('GET', TITLE, `If-None-Match: ${','.repeat(30_000)}`),
    statuses: [200],
  },
  {
    name: 'If-None-Match 1000 times',
    bytes: head('GET', TITLE, ...many(1000, (n) => `If-None-Match: "${n}"`)),
    statuses: [431],
  },
  { name: 'a word of 16000 letters before an @', bytes: head('GET', `/${WORD}@`), statuses: [404] },
  {
    name: 'a word of 16000 letters in a line that may hold a key',
    bytes: head('GET', WITH_WORD),
    statuses: [200],
    target: WITH_WORD,
  },
  {
    name: 'an escape that was escaped 7000 times',
    bytes: head('GET', WITH_ESCAPES),
    statuses: [200],
    target: WITH_ESCAPES,
  },
  {
    name: 'Accept-Encoding with a weight behind 30000 spaces',
    bytes: head('GET', TITLE, `Accept-Encoding: gzip;q=y${' '.repeat(30_000)}x`),
    statuses: [200],
  },
  {
    name: 'Range of 3000 ranges',
    bytes: head('GET', TITLE, `Range: bytes=${ranges(3000)}`),
    statuses: [200],
  },
  {
    name: 'Range of 3000 equal ranges',
    bytes: head('GET', TITLE, `Range: bytes=${'0-,'.repeat(3000)}0-`),
    statuses: [200],
  },
  {
    name: 'Range of 10000 commas',
    bytes: head('GET', TITLE, `Range: bytes=${','.repeat(10_000)}`),
    statuses: [200],
  },
];
