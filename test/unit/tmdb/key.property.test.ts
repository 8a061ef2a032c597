import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SharedRoute } from '../../../src/cache/site.js';
import { policy, V3, V4 } from './tools.js';

/**
 * What TMDB would make of a target, told by other code than the program's: WHATWG URL for the path, URLSearchParams
 * for the query. Order counts among parameters of one name only; a name with nothing but empty values says nothing.
 */
function view(target: string, leaveOut: readonly string[] = []): string {
  const url = new URL(`http://tmdb.test${target}`);
  const values = new Map<string, string[]>();
  for (const [name, value] of url.searchParams) {
    if (leaveOut.includes(name)) continue;
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  const told = [...values].filter(([, all]) => all.some((value) => value !== ''));
  told.sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([decodeURIComponent(url.pathname.replace(/\/{2,}/g, '/')), told]);
}

const WORDS = [
  'a',
  'b',
  'de',
  '1',
  '1,2',
  '1|2',
  ' ',
  '+',
  '%',
  '&',
  '=',
  '=a',
  '',
  'a b',
  'é',
  '吃',
  '%2C',
  'x;y',
  '?',
  '/',
  "it's",
  '.',
  '*',
];
const text = fc.oneof(fc.constantFrom(...WORDS), fc.string({ unit: 'binary', maxLength: 6 }));
/** Short texts of the characters that an encoding confuses first. */
const tricky = fc.string({ unit: fc.constantFrom(' ', '+', '%', '2', 'B', '&', '='), maxLength: 3 });
const name = fc.oneof(
  fc.constantFrom(
    'language',
    'page',
    'append_to_response',
    'with_genres',
    'vote_average.gte',
    'query',
    'a',
    'A',
    '__proto__',
  ),
  text.filter((s) => s !== ''),
);

/** One of many ways to write a text in a query: which characters are escaped, in which case, and how a space is. */
function written(value: string, seed: number): string {
  let state = seed;
  const next = (n: number) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % n;
  };
  let out = '';
  for (const character of value) {
    const escaped = encodeURIComponent(character);
    if (character === ' ') out += next(2) === 0 ? '+' : '%20';
    else if (/[A-Za-z0-9\-._~,:/@!$'()*|]/.test(character) && next(4) !== 0) out += character;
    else {
      const triplets =
        escaped.length > 1 ? escaped : `%${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
      out += next(2) === 0 ? triplets : triplets.toLowerCase();
    }
  }
  return out;
}

type Pair = readonly [name: string, value: string];
interface Asked {
  readonly path: string;
  readonly pairs: readonly Pair[];
  readonly seed: number;
}

const path = fc
  .array(
    fc.constantFrom(
      'movie',
      '550',
      'tv',
      '..',
      '.',
      '',
      'a%3bb',
      'a;b',
      'Movie',
      '%6Dovie',
      '%C3%A9',
      'a|b',
      "a'b",
    ),
    { maxLength: 5 },
  )
  .map((segments) => `/3/${segments.join('/')}`);
const asked: fc.Arbitrary<Asked> = fc.record({
  path,
  pairs: fc.array(fc.tuple(name, text), { maxLength: 4 }),
  seed: fc.nat(),
});

function target({ path: where, pairs, seed }: Asked): string {
  return `${where}?${pairs.map(([n, v], i) => `${written(n, seed + i)}=${written(v, seed + 7 * i)}`).join('&')}`;
}

const site = policy();
const withV3 = policy({ credentials: [V3] });
const withV4 = policy({ credentials: [V4] });

function sharedRoute(where: string, from = site): SharedRoute | undefined {
  const route = from.route({ method: 'GET', target: where, headers: [] });
  return route.kind === 'shared' ? route : undefined;
}

const RUNS = { numRuns: 3000 };

describe('keys', () => {
  it('are never shared by requests that TMDB would answer differently', () => {
    fc.assert(
      fc.property(asked, asked, (one, other) => {
        const a = sharedRoute(target(one));
        const b = sharedRoute(target(other));
        fc.pre(a !== undefined && b !== undefined);
        if (a!.key === b!.key) expect(view(target(one), ['api_key'])).toBe(view(target(other), ['api_key']));
      }),
      RUNS,
    );
  });

  it('are never shared by near twins', () => {
    // Two requests that differ in one short value, which is where an encoding would collide.
    fc.assert(
      fc.property(asked, tricky, tricky, fc.nat(), (one, value, twin, seed) => {
        const ask = (last: string) => target({ ...one, pairs: [...one.pairs, ['query', last]], seed });
        const [x, y] = [ask(value), ask(twin)];
        const [a, b] = [sharedRoute(x), sharedRoute(y)];
        fc.pre(a !== undefined && b !== undefined);
        if (view(x) !== view(y)) expect(a!.key).not.toBe(b!.key);
      }),
      RUNS,
    );
  });

  it('are shared by reorderings, other spellings, empty pairs and other keys', () => {
    fc.assert(
      fc.property(asked, fc.nat(), fc.nat(), (one, seed, turn) => {
        const a = sharedRoute(target(one));
        fc.pre(a !== undefined);
        // A stable order by any other function of the name keeps the order among equals.
        const rank = (n: string) => [...n].reduce((sum, c) => (sum * 31 + c.charCodeAt(0) + turn) % 9973, 7);
        const pairs = [...one.pairs].sort(([m], [n]) => rank(m) - rank(n) || (m < n ? 1 : m > n ? -1 : 0));
        const again = target({ path: one.path, pairs, seed });
        // A raw semicolon and its escape are kept apart on purpose; `written` always escapes it.
        expect(sharedRoute(`${again}&&region=&api_key=other&`)?.key).toBe(a!.key);
      }),
      RUNS,
    );
  });

  it('cover exactly what the origin is asked (I-19)', () => {
    fc.assert(
      fc.property(asked, (one) => {
        const raw = target(one);
        for (const from of [site, withV3, withV4]) {
          const route = sharedRoute(`${raw}&api_key=client`, from);
          if (route === undefined) continue;
          expect(view(route.target, ['api_key'])).toBe(view(raw, ['api_key']));
          expect(view(route.target, ['api_key'])).toBe(view(route.key.slice('v1:api:'.length)));
          const sent = new URL(`http://t${route.target}`).searchParams.getAll('api_key');
          expect(sent).toEqual(from === withV4 ? [] : [from === withV3 ? V3.value : 'client']);
        }
      }),
      RUNS,
    );
  });

  it('are fixed points: what a key names has that key', () => {
    fc.assert(
      fc.property(asked, (one) => {
        const route = sharedRoute(target(one));
        fc.pre(route !== undefined);
        expect(sharedRoute(route!.key.slice('v1:api:'.length))?.key).toBe(route!.key);
      }),
      RUNS,
    );
  });

  it('never hold a credential', () => {
    const SECRET = 'S3cr3tS3cr3t';
    const place = fc.constantFrom(
      'api_key',
      'API_KEY',
      'api%5fkey',
      'a%70i_key',
      'api_key%5B%5D',
      'api_key[]',
      'apikey',
      'api-key',
      '%20api_key',
      'session_id',
      'guest_session_id',
      'request_token',
      'access_token',
      'password',
      'amp;api_key',
      'x=1;api_key',
      'x=1?api_key',
      'x=1%3Fapi_key',
      'api%255fkey',
    ); // prettier-ignore
    fc.assert(
      fc.property(asked, place, fc.boolean(), fc.boolean(), (one, where, first, image) => {
        const pair = `${where}=${SECRET}`;
        const [base, rest] = target(image ? { ...one, path: '/t/p/w500/x.jpg' } : one).split('?') as [
          string,
          string,
        ];
        const raw = `${base}?${first ? `${pair}&${rest}` : `${rest}&${pair}`}`;
        for (const from of [site, withV3, withV4]) {
          const route = from.route({
            method: 'GET',
            target: raw,
            headers: ['Cookie', SECRET, 'Authorization', `Bearer ${V4.value}`],
          });
          const told =
            route.kind === 'shared'
              ? [route.key, ...route.tags].join()
              : JSON.stringify(route.kind === 'pass' ? (route.key ?? '') : route.message);
          for (const secret of [SECRET, V3.value, V4.value]) expect(told).not.toContain(secret);
          if (image && route.kind === 'shared') expect(route.target).not.toContain(SECRET);
        }
      }),
      RUNS,
    );
  });
});
