import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { Soak } from '../../support/soak.js';
import { type Mirror, startMirror, TOLD } from './mirror.js';
import { type Asking, neutral, pair, send, shapeOf } from './pairs.js';
import { TECHNIQUES } from './techniques.js';

const soak = new Soak('pairs');
const MODES = ['table', 'letter'] as const;
const PLAIN: Asking = { method: 'GET', target: '/3/movie/#', fields: [], body: '' };
const PLENTY = { WORKERS: '1', UPSTREAM_RATE: '100000', UPSTREAM_MAX_CONNECTIONS: '100' };

let mirror: Mirror;
const proxies = new Map<'table' | 'letter', ProxyProcess>();
let number = 1_000_000;

beforeAll(async () => {
  mirror = await startMirror();
  const [table, letter] = await Promise.all([
    startProxy({ quiet: true, env: pointedAt(mirror.url, PLENTY) }),
    startProxy({ quiet: true, env: { ...PLENTY, UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: mirror.url } }),
  ]);
  proxies.set('table', table).set('letter', letter);
});
afterAll(async () => {
  await Promise.all([...proxies.values()].map((proxy) => proxy.stop()));
  mirror.close();
  soak.end();
});

/** One that nobody has asked for, of the same length as every other. */
const fresh = () => number++;

/** By the letter an origin that answers ranges must not show them in the whole, and it is to tell of what is `TOLD`. */
function untold(mode: 'table' | 'letter'): string[] {
  if (mode === 'table') return [];
  return mirror.telling ? ['range'] : ['range', ...TOLD.map((name) => name.toLowerCase())];
}

async function shape(mode: 'table' | 'letter', asking: Asking, of: number): Promise<string> {
  soak.requests++;
  return shapeOf(await send(proxies.get(mode)!.url, asking, of), of, untold(mode));
}

/**
 * What the second of two requests is given must be what it would have been given had nobody asked before. By the letter also what
 * it would have been given without those of its own fields that no Vary names.
 */
async function judge(mode: 'table' | 'letter', first: Asking, second: Asking): Promise<boolean> {
  const of = fresh();
  await shape(mode, first, of);
  const given = await shape(mode, second, of);
  const alone = await shape(mode, second, fresh());
  if (given === alone) return true;
  if (mode === 'letter' && given === (await shape(mode, neutral(second), fresh()))) return true;
  soak.mistake(`${mode}: ${JSON.stringify({ first, second, given, alone })}`);
  return false;
}

it.each(MODES)(
  'nobody is given what another request has shaped (%s)',
  async (mode) => {
    await soak.property(
      60,
      0.4,
      fc.asyncProperty(pair, async ({ part, telling, first, second }) => {
        soak.input(`pairs of requests that differ in ${part}`);
        mirror.telling = telling;
        expect(await judge(mode, first, second)).toBe(true);
      }),
    );
  },
  soak.timeout(0.4),
);

it('the pairs are of use: plain requests for one thing are one question, and the second is a hit', async () => {
  mirror.telling = false;
  for (const { url } of proxies.values()) {
    const of = fresh();
    await send(url, PLAIN, of);
    const again = await send(url, PLAIN, of);
    expect(again.fields['x-cache']).toBe('HIT');
  }
});

it.each(TECHNIQUES)(
  '$name',
  async ({ target = '/3/movie/#', fields = [], method = 'GET', body = '', in: modes = MODES }) => {
    const attack: Asking = { method, target, fields, body };
    mirror.telling = false;
    for (const mode of modes) {
      soak.input('techniques of the catalogue');
      expect(await judge(mode, attack, PLAIN)).toBe(true);
      expect(await judge(mode, PLAIN, attack)).toBe(true);
      expect(await judge(mode, attack, { ...PLAIN, target })).toBe(true);
    }
  },
);
