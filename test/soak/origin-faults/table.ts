import type { FaultKind } from '../../../src/demo/fault-kinds.js';
import type { Seen, Title } from './world.js';

/** What clients may see while a fault lasts, in the words of `wordOf`. What is stored and fresh is a hit in any case. */
export interface Expected {
  /** Stored, but stale beyond stale-while-revalidate: the origin has to be asked. */
  readonly stale: Readonly<Record<Title['kind'], readonly string[]>>;
  /** Never asked for before. */
  readonly unknown: Readonly<Record<Title['kind'], readonly string[]>>;
  /** Whether a 200 that is not the title is the origin's own word, handed on as it is and stored by nobody. */
  readonly isOriginsWord?: (seen: Seen) => boolean;
}

export interface Row extends Expected {
  readonly name: string;
  readonly fault: FaultKind;
}

const both = (...words: string[]) => ({ json: words, image: words });

/** The origin is there and right, if odd: everybody has the title, whatever was stored. */
const HARMLESS: Expected = {
  stale: both('200 MISS', '200 REVALIDATED', '200 STALE'),
  unknown: both('200 MISS'),
};
/** Nobody who has a stale copy notices; the others are told. */
const failing = (...words: string[]): Expected => ({ stale: both('200 STALE'), unknown: both(...words) });
/** The image host says 304, whose body cannot break. */
const BODILESS = { json: ['200 STALE'], image: ['200 STALE', '200 MISS', '200 REVALIDATED'] };
/** An image streams: its head has gone when its body breaks off, so its client sees that it broke off. */
const BREAKS_OFF: Expected = {
  stale: BODILESS,
  unknown: { json: ['502', '504'], image: ['502', '504', '200 MISS cut'] },
};

/** Nothing stored, fresh or stale, may be the origin's word of the moment. */
const isHandedOn = (cache: string) => cache === 'MISS' || cache === 'BYPASS';

const HOUR_MS = 3_600_000;
const dated = (ms: number) => new Date(Date.now() + ms).toUTCString();
const headers = (name: string, set: Record<string, string | string[] | null>): Row => ({
  name,
  fault: { kind: 'headers', set },
  ...HARMLESS,
});
const status = (code: number, words: string[] = [String(code)]): Row => ({
  name: `status ${code}`,
  fault: { kind: 'status', status: code },
  ...failing(...words),
});

/** What is no number and no date is as if it were not there. */
const RETRY_AFTER = {
  'for a second': 1,
  'for no time that is told': undefined,
  'for rubbish': 'soon; 1, -5',
};
const STORMS: readonly Row[] = [
  ...Object.entries(RETRY_AFTER).map(([name, retryAfter]): Row => {
    const told = retryAfter === undefined ? {} : { retryAfter };
    return { name: `429 storm ${name}`, fault: { kind: 'status', status: 429, ...told }, ...failing('429') };
  }),
  {
    name: '429 storm until a date',
    get fault() {
      return { kind: 'status', status: 429, retryAfter: dated(2000) } as const;
    },
    stale: both('200 STALE'),
    unknown: both('429'),
  },
];
/** Nobody asks any more for as long, so that it is the last that happens to a proxy. */
export const LONG_STORM: Row = {
  name: '429 storm for an hour',
  fault: { kind: 'status', status: 429, retryAfter: 3600 },
  ...failing('429'),
};

/** Each switch of src/demo/fault-kinds.ts, and what clients may see of it. */
export const TABLE: readonly Row[] = [
  { name: 'late head', fault: { kind: 'latency', headMs: 250 }, ...HARMLESS, stale: both('200 STALE') },
  { name: 'late body', fault: { kind: 'latency', bodyMs: 250 }, ...HARMLESS, stale: BODILESS },
  { name: 'drops of a body', fault: { kind: 'latency', chunkDelayMs: 5, chunkBytes: 256 }, ...HARMLESS },
  ...[500, 501, 502, 503, 504].map((code) => status(code)),
  ...STORMS,
  {
    name: 'envelope with status 200',
    fault: { kind: 'envelope200' },
    ...failing('200 MISS', '200 BYPASS', '502'),
    isOriginsWord: ({ body, cache }) => isHandedOn(cache) && /"status_code":11\b/.test(body.toString()),
  },
  { name: 'hang before the head', fault: { kind: 'hang' }, ...failing('504') },
  { name: 'hang in the body', fault: { kind: 'hang', where: 'body' }, ...BREAKS_OFF },
  {
    name: 'hang behind the head',
    fault: { kind: 'hang', where: 'body', afterBytes: 0 },
    ...failing('504'),
    stale: BODILESS,
  },
  { name: 'a drip', fault: { kind: 'latency', chunkDelayMs: 100, chunkBytes: 1 }, ...BREAKS_OFF },
  { name: 'reset before the head', fault: { kind: 'reset' }, ...failing('502') },
  { name: 'reset in the body', fault: { kind: 'reset', where: 'body' }, ...BREAKS_OFF },
  {
    name: 'reset behind the head',
    fault: { kind: 'reset', where: 'body', afterBytes: 0 },
    ...failing('502'),
    stale: BODILESS,
  },
  { name: 'truncated', fault: { kind: 'truncate' }, ...BREAKS_OFF },
  {
    name: 'truncated to nothing',
    fault: { kind: 'truncate', missing: 1e9 },
    ...failing('502'),
    stale: BODILESS,
  },
  { name: 'truncated by a byte', fault: { kind: 'truncate', missing: 1 }, ...BREAKS_OFF },
  {
    name: 'too long',
    fault: { kind: 'excess' },
    stale: both('200 STALE', '200 MISS', '200 REVALIDATED'),
    unknown: both('200 MISS', '200 MISS cut', '502'),
  },
  { name: 'gzip without its field', fault: { kind: 'gzip-without-header' }, ...HARMLESS },
  { name: 'field without its gzip', fault: { kind: 'header-without-gzip' }, ...HARMLESS },
  {
    ...headers('an unknown coding', { 'Content-Encoding': 'x-unheard-of' }),
    isOriginsWord: ({ coding, cache }) => isHandedOn(cache) && coding === 'x-unheard-of',
  },
  headers('another type', { 'Content-Type': 'text/html' }),
  headers('no type', { 'Content-Type': null }),
  { name: 'offline', fault: { kind: 'offline' }, ...failing('502') },
  headers('Date an hour ago', { Date: dated(-HOUR_MS) }),
  headers('Date in a year', { Date: dated(365 * 24 * HOUR_MS) }),
  headers('Date of 1970', { Date: 'Thu, 01 Jan 1970 00:00:00 GMT' }),
  headers('Date of no time', { Date: 'yesterday' }),
  headers('two Dates', { Date: [dated(0), dated(-HOUR_MS)] }),
  headers('no Date', { Date: null }),
  {
    name: 'redirect loop',
    fault: { kind: 'redirect', location: '?again=1' },
    ...failing('302'),
  },
  {
    name: 'redirect to elsewhere',
    fault: { kind: 'redirect', location: 'http://elsewhere.invalid/', status: 301 },
    ...failing('301'),
  },
  { name: 'no Content-Length', fault: { kind: 'no-content-length' }, ...HARMLESS },
  { name: 'early hints', fault: { kind: 'early-hints', links: ['</style.css>; rel=preload'] }, ...HARMLESS },
];
