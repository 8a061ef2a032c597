import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../support/fake-clock.js';
import { gateOf } from '../support/gate.js';
import { KIND_NAMES } from './origin.js';
import { Side } from './side.js';
import { masked, stillness, Wire } from './wire.js';

const QUIET = 'quiets-key-0123456789';
const TELLING = 'tellings-key-0123456789';
const KEYS = `quiet=${QUIET}\ntelling=${TELLING};diagnostics`;

let side: Side;
let wire: Wire;
let clock: FakeClock;
afterEach(async () => {
  wire.close();
  await side.close();
});

async function open(fast: boolean): Promise<void> {
  clock = new FakeClock();
  const { gate } = gateOf(KEYS, clock);
  side = await new Side({ site: 'tmdb', l2: 'prompt', clock, fast, settings: { gate } }).open();
  wire = await Wire.open(side);
}

async function ask(target: string, lines: readonly string[], method = 'GET', key = QUIET): Promise<string> {
  wire.send(
    Buffer.from(
      `${[`${method} ${target}?api_key=${key} HTTP/1.1`, 'Host: a', ...lines].join('\r\n')}\r\n\r\n`,
    ),
  );
  await stillness([wire]);
  return masked(wire.take()).text;
}

const number = (kind: string) => KIND_NAMES.indexOf(kind);
const GZIP = ['Accept-Encoding: gzip'];
type Asked = [what: string, target: string, lines: string[], method?: string | undefined];
const ASKED: Asked[] = [
  ['JSON that takes gzip', `/3/movie/${number('strong')}`, GZIP],
  ['JSON as it is', `/3/movie/${number('strong')}`, []],
  ['JSON that came as gzip', `/3/movie/${number('coding')}`, GZIP],
  ['JSON with dates of its own', `/3/movie/${number('modified')}`, GZIP],
  ['an image', `/t/p/w500/${number('strong')}.jpg`, GZIP],
  ['a large image', `/t/p/w500/${number('large')}.jpg`, []],
  ['a missing image', `/t/p/w500/${number('missing')}.jpg`, GZIP],
  ['HEAD', `/3/movie/${number('strong')}`, GZIP, 'HEAD'],
  ['HEAD of an image', `/t/p/w500/${number('strong')}.jpg`, [], 'HEAD'],
  ['a range', `/t/p/w500/${number('large')}.jpg`, ['Range: bytes=0-9']],
  ['a range of JSON', `/3/movie/${number('strong')}`, ['Range: bytes=0-9']],
  ['a condition that holds', `/t/p/w500/${number('strong')}.jpg`, [`If-None-Match: "strong-0"`]],
  ['a condition that does not', `/3/movie/${number('strong')}`, [...GZIP, 'If-None-Match: "other"']],
  ['only what is stored', `/3/movie/${number('strong')}`, [...GZIP, 'Cache-Control: only-if-cached']],
  ['an image that says its length', `/t/p/w500/${number('strong')}.png`, []],
  ['an image that is text', `/t/p/original/${number('strong')}.svg`, GZIP],
  ['an image that is text, as it is', `/t/p/original/${number('strong')}.svg`, []],
  ['JSON with a field for who asked', `/3/movie/${number('own')}`, GZIP],
  ['the key of the cache', `/3/movie/${number('strong')}`, [...GZIP, 'X-Cache-Debug: 1']],
];

const NO_CACHE = 'Cache-Control: no-cache';
/** Who wants no answer from the store: the origin is asked each time, and what it says may be that nothing has changed. */
const REVALIDATED: Asked[] = [
  NO_CACHE,
  'Cache-Control: max-age=0',
  'Pragma: no-cache',
  'Cache-Control: max-age=0, max-stale=60',
].flatMap((wish): Asked[] => [
  ...ASKED.filter(([what]) => what !== 'only what is stored' && what !== 'JSON with dates of its own').map(
    ([what, target, lines, method]): Asked => [`${wish}, ${what}`, target, [...lines, wish], method],
  ),
  [`${wish}, JSON with the dates of other caches`, `/3/movie/${number('dated')}`, [...GZIP, wish]],
  [`${wish}, what may not be stored`, `/3/movie/${number('unstored')}`, [...GZIP, wish]],
]);

/** From the first request to that date, and from it to the second, ms. */
const BETWEEN = 2000;
const SINCE = `If-Modified-Since: ${new Date(new FakeClock().now() + BETWEEN).toUTCString()}`;
const PROBES: Asked[] = [
  // What changes with the hour there is news here too.
  ...ASKED.filter(([what]) => what !== 'JSON with dates of its own'),
  ['JSON with the dates of other caches', `/3/movie/${number('dated')}`, GZIP],
  ['a date since when nobody has asked', `/3/movie/${number('strong')}`, [SINCE]],
  ['a date, of an image', `/t/p/w500/${number('strong')}.png`, [SINCE]],
  ['a date, by HEAD', `/3/movie/${number('strong')}`, [SINCE], 'HEAD'],
];

describe.each([
  ['node:http', false],
  ['the socket', true],
])('a tenant never learns that another has asked for the same (%s)', (_path, fast) => {
  it.each(ASKED)(
    '%s: the answer from the store is, but for its id, that from the origin',
    async (_what, target, lines, method) => {
      await open(fast);
      const first = await ask(target, lines, method);
      const { length } = side.origin.asked;
      expect(length).toBe(1);
      const second = await ask(target, lines, method);
      const third = await ask(target, lines, method);
      expect(side.origin.asked).toHaveLength(length);
      expect(second).toBe(first);
      expect(third).toBe(first);
      expect(first).toMatch(/\r\nCache-Status: node-1\r\n/);
      expect(first).not.toMatch(/\r\n(?:Age|X-Cache|Server-Timing):/i);
    },
  );

  it.each(ASKED)(
    '%s: nor when it was stored before: all that has changed is the time of day',
    async (_what, target, lines, method) => {
      await open(fast);
      const first = await ask(target, lines, method);
      // Fresh still, and later than any whole second of its age.
      clock.advance(4321);
      const later = await ask(target, lines, method);
      expect(dateOf(later) - dateOf(first)).toBe(4000);
      expect(later.replace(DATE, '')).toBe(first.replace(DATE, ''));
    },
  );

  it.each(PROBES)(
    '%s: nor does it differ from what it is told when nobody has asked before',
    async (_what, target, lines, method) => {
      await open(fast);
      clock.advance(2 * BETWEEN);
      const alone = await ask(target, lines, method);
      wire.close();
      await side.close();

      await open(fast);
      await ask(target, []);
      const { length } = side.origin.asked;
      clock.advance(2 * BETWEEN);
      expect(await ask(target, lines, method)).toBe(alone);
      expect(side.origin.asked).toHaveLength(length);
    },
  );

  it.each(REVALIDATED)('%s: nor when the origin is asked again', async (_what, target, lines, method) => {
    await open(fast);
    clock.advance(2 * BETWEEN);
    const alone = await ask(target, lines, method);
    wire.close();
    await side.close();

    await open(fast);
    await ask(target, []);
    clock.advance(2 * BETWEEN);
    for (let times = 0; times < 2; times++) expect(await ask(target, lines, method)).toBe(alone);
  });

  it.each(PROBES.filter(([what]) => what !== 'only what is stored'))(
    '%s: nor after a 304 that another has caused',
    async (_what, target, lines, method) => {
      await open(fast);
      clock.advance(3 * BETWEEN);
      const alone = await ask(target, lines, method);
      wire.close();
      await side.close();

      await open(fast);
      await ask(target, []);
      clock.advance(BETWEEN);
      await ask(target, [NO_CACHE]);
      clock.advance(2 * BETWEEN);
      expect(await ask(target, lines, method)).toBe(alone);
    },
  );

  it('nor from a stale answer', async () => {
    await open(fast);
    const target = `/3/movie/${number('strong')}`;
    const first = await ask(target, GZIP);
    side.kit.purge({ kind: 'all' }, true);
    clock.advance(1000);
    const stale = await ask(target, GZIP);
    expect(stale.replace(DATE, '')).toBe(first.replace(DATE, ''));
  });

  it('one with diagnostics is told everything, of the same entry', async () => {
    await open(fast);
    const target = `/3/movie/${number('strong')}`;
    await ask(target, GZIP);
    clock.advance(2000);
    await ask(target, GZIP, 'GET', QUIET);
    const told = await ask(target, GZIP, 'GET', TELLING);
    expect(told).toMatch(/\r\nX-Cache: HIT\r\n/);
    expect(told).toMatch(/\r\nAge: 2\r\n/);
    expect(told).toMatch(/\r\nCache-Status: node-1; hit; ttl=/);
    expect(await ask(target, GZIP, 'GET', QUIET)).not.toMatch(/\r\nX-Cache:/);
  });
});

const DATE = /\r\nDate: ([^\r]+)/;

function dateOf(text: string): number {
  return Date.parse(DATE.exec(text)?.[1] ?? '');
}
