import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { REMEMBERED_MS } from '../../../src/cache/outage.js';
import { MAX_CACHE_MS } from '../../../src/config/config.js';
import { loadConfig } from '../../../src/config/load.js';
import { ProxyError } from '../../../src/errors.js';
import { Breaker } from '../../../src/origin/breaker.js';
import { type DiskStore, MIN_DISK_BYTES, openDiskStore } from '../../../src/tiers/disk.js';
import { MemoryTier } from '../../../src/tiers/memory.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { ScriptedOrigin } from '../../support/scripted-origin.js';
import { policy } from '../tmdb/tools.js';
import { bytesOf, engineKit, engineOver, type SiteOverrides } from './engine-kit.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The site as it is served: TMDB's, with the times that hold by default. */
function realSite() {
  const { config } = loadConfig({ env: {}, cwd: '/', readFile: () => '' });
  return policy({ classes: config.cache.classes });
}

const JPEG = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
  Buffer.alloc(60),
  Buffer.from([0xff, 0xd9]),
]);
const NOT_FOUND = '{"success":false,"status_code":34,"status_message":"not found"}';
const JSON_FIELDS = ['Content-Type', 'application/json', 'ETag', 'W/"1"'];

/** One store, over which engines come and go as processes do. */
class Machine {
  readonly origin: ScriptedOrigin;
  constructor(
    readonly clock = new FakeClock(),
    readonly l2: DiskStore | MemoryTier = new MemoryTier({ maxBytes: 1e7 }),
  ) {
    this.origin = new ScriptedOrigin(clock);
  }

  /** A process of its own: nothing is in its memory. */
  started(changes: SiteOverrides = {}) {
    const { clock, origin, l2 } = this;
    return engineOver({ clock, origin, l2, site: realSite(), ...changes });
  }

  async filled(target: string, status: number, changes: SiteOverrides = {}): Promise<void> {
    const { ask } = this.started(changes);
    const answer = ask(target);
    await settle();
    const image = target.startsWith('/t/p/');
    this.origin.last.reply({
      status,
      headers: image ? ['Content-Type', 'image/jpeg', 'ETag', '"1"'] : JSON_FIELDS,
      body: image ? JPEG : status === 404 ? NOT_FOUND : `{"id":1,"of":"${target}"}`,
    });
    await bytesOf(await answer);
    await settle();
    this.origin.asked.length = 0;
  }
}

describe('OFFLINE, class by class', () => {
  let directory: string;
  let machine: Machine;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'offline-'));
    const clock = new FakeClock();
    const store = await openDiskStore({
      directory,
      maxBytes: MIN_DISK_BYTES,
      clock,
      keepMs: MAX_CACHE_MS,
      stepEvery: SECOND,
    });
    machine = new Machine(clock, store);
  });
  afterEach(async () => {
    await machine.l2.close();
    await rm(directory, { recursive: true });
  });

  /** Time passes for the store as well: whatever it may drop is dropped. */
  async function pass(ms: number): Promise<void> {
    machine.clock.advance(ms);
    for (let i = 0; i < 3; i++) {
      machine.clock.advance(SECOND);
      await settle();
      await (machine.l2 as DiskStore).flush();
    }
  }

  /** What the store may drop it drops in steps of its own, which take as long as the disk takes. */
  async function dropped(): Promise<void> {
    for (let i = 0; i < 500 && (await machine.l2.stats()).entries > 0; i++) await pass(SECOND);
  }

  type Result = 'hit' | 'stale' | 'offline';
  const rows: [what: string, target: string, status: number, ages: [days: number, result: Result][]][] = [
    [
      'detail',
      '/3/movie/550?language=de',
      200,
      [
        [0.01, 'hit'],
        [1, 'stale'],
        [100, 'stale'],
        [181, 'offline'],
      ],
    ],
    [
      'list',
      '/3/trending/movie/day',
      200,
      [
        [0.01, 'hit'],
        [100, 'stale'],
        [181, 'offline'],
      ],
    ],
    [
      'static',
      '/3/configuration',
      200,
      [
        [0.1, 'hit'],
        [2, 'stale'],
        [100, 'stale'],
        [181, 'offline'],
      ],
    ],
    [
      'image',
      '/t/p/w500/a.jpg',
      200,
      [
        [1, 'hit'],
        [8, 'stale'],
        [100, 'stale'],
        [181, 'offline'],
      ],
    ],
    [
      'search',
      '/3/search/movie?query=x',
      200,
      [
        [0.001, 'hit'],
        [0.9, 'stale'],
        [100, 'offline'],
      ],
    ],
    [
      'changes',
      '/3/movie/550/changes',
      200,
      [
        [0.001, 'hit'],
        [0.04, 'stale'],
        [1, 'offline'],
      ],
    ],
    [
      'not found',
      '/3/movie/404',
      404,
      [
        [0.001, 'hit'],
        [100, 'offline'],
      ],
    ],
  ];
  const cases = rows.flatMap(([what, target, status, ages]) =>
    ages.map(([days, result]) => ({ what, target, status, days, result })),
  );

  it.each(cases)('$what, $days days old: $result', async ({ target, status, days, result }) => {
    await machine.filled(target, status);
    await pass(days * DAY);
    if (result === 'offline') await dropped();
    const answer = machine.started({ offline: true }).ask(target);
    if (result === 'offline') {
      await expect(answer).rejects.toMatchObject({ code: 'offline', status: 504 });
    } else {
      const { outcome } = await answer;
      expect(outcome).toMatchObject({ result, served: 'disk' });
      expect(outcome.stale).toBe(result === 'stale' ? 'offline' : undefined);
    }
    await settle();
    expect(machine.origin.asked).toHaveLength(0);
  });

  it('what was never seen is a 504', async () => {
    const answer = machine.started({ offline: true }).ask('/3/movie/551');
    await expect(answer).rejects.toMatchObject({
      code: 'offline',
      message: expect.stringMatching(/OFFLINE=true/),
    });
    expect(machine.origin.asked).toHaveLength(0);
  });
});

describe('OFFLINE', () => {
  it.each([
    ['a write', { method: 'POST', target: '/3/movie/550/rating' }],
    ['a personal path', { method: 'GET', target: '/3/account/1' }],
    ['a call with side effects', { method: 'GET', target: '/3/authentication/token/new' }],
  ])('%s is a 504 and reaches nobody', async (_what, { method, target }) => {
    const kit = engineKit({ offline: true, site: realSite() });
    await expect(kit.ask(target, { method })).rejects.toMatchObject({ code: 'offline', status: 504 });
    await settle();
    expect(kit.origin.asked).toHaveLength(0);
  });

  it.each(['only-if-cached', 'no-cache', 'max-age=0', 'min-fresh=600'])(
    'whatever a client wishes (%s), what is stored is served',
    async (wish) => {
      const machine = new Machine();
      await machine.filled('/3/movie/550', 200);
      machine.clock.advance(DAY);
      const answer = machine
        .started({ offline: true })
        .ask('/3/movie/550', { headers: ['Cache-Control', wish] });
      expect((await answer).outcome).toMatchObject({ result: 'stale', stale: 'offline' });
    },
  );

  it('a hard purge holds, a soft one does not take the answer away', async () => {
    const machine = new Machine();
    await machine.filled('/3/movie/550', 200);
    machine.clock.advance(30 * DAY);
    const offline = machine.started({ offline: true });
    offline.purge({ kind: 'tag', name: 'movie:550' }, true);
    expect((await offline.ask('/3/movie/550')).outcome).toMatchObject({ stale: 'offline' });
    offline.purge({ kind: 'tag', name: 'movie:550' });
    await expect(offline.ask('/3/movie/550')).rejects.toMatchObject({ code: 'offline' });
  });

  it('by the letter an origin may forbid it (RFC 9111 section 4.2.4)', async () => {
    const letter: SiteOverrides = { site: { ttlPolicy: 'origin' } };
    const machine = new Machine();
    for (const [target, cacheControl] of [
      ['/x', 'max-age=60'],
      ['/must', 'max-age=60, must-revalidate'],
    ] as const) {
      const { ask } = machine.started(letter);
      const answer = ask(target);
      await settle();
      machine.origin.last.reply({ headers: ['Cache-Control', cacheControl, 'ETag', '"1"'] });
      await bytesOf(await answer);
      await settle();
    }
    machine.clock.advance(2 * MINUTE);
    const offline = machine.started({ ...letter, offline: true });
    expect((await offline.ask('/x')).outcome).toMatchObject({ stale: 'offline' });
    await expect(offline.ask('/must')).rejects.toMatchObject({ code: 'offline' });
  });
});

const open = () =>
  new ProxyError('origin_breaker_open', 'every server of api has been failing', { retryAfter: 2 });

/** An entry of `/3/movie/550` that is beyond its stale windows, and a request for it that waits for the origin. */
async function outdated(ageMs = 30 * DAY, changes: SiteOverrides = {}) {
  const machine = new Machine();
  await machine.filled('/3/movie/550', 200);
  machine.clock.advance(ageMs);
  const node = machine.started(changes);
  async function ask(fail: Error | number, target = '/3/movie/550') {
    const answer = node.ask(target);
    answer.catch(() => {});
    await settle();
    if (typeof fail === 'number') machine.origin.last.reply({ status: fail, body: 'down' });
    else machine.origin.last.fail(fail);
    return answer;
  }
  const { origin, clock } = machine;
  return { origin, clock, node, ask };
}

describe('with every server’s breaker open', () => {
  it('what is stored is served, however old, and says so', async () => {
    const { ask } = await outdated();
    const answer = await ask(open());
    expect(answer.outcome).toMatchObject({
      result: 'stale',
      stale: 'offline',
      forward: 'stale',
    });
    expect(await bytesOf(answer)).toContain('/3/movie/550');
  });

  it('but nothing beyond 180 days (TMDB’s terms)', async () => {
    const { ask } = await outdated(181 * DAY);
    await expect(ask(open())).rejects.toMatchObject({ code: 'origin_breaker_open' });
  });

  it('a hard purge holds, a soft one does not take the answer away, whenever they come (I-1, I-5)', async () => {
    for (const soft of [true, false]) {
      const early = await outdated();
      early.node.purge({ kind: 'tag', name: 'movie:550' }, soft);
      const late = await outdated();
      const answer = late.node.ask('/3/movie/550');
      answer.catch(() => {});
      await settle();
      late.node.purge({ kind: 'tag', name: 'movie:550' }, soft);
      late.origin.last.fail(open());
      for (const asked of [early.ask(open()), answer]) {
        if (soft) expect((await asked).outcome).toMatchObject({ stale: 'offline' });
        else await expect(asked).rejects.toMatchObject({ code: 'origin_breaker_open' });
      }
    }
  });

  it('the request that finds the breaker half open is answered like the others, until it closes', async () => {
    const { ask, clock } = await outdated();
    const refused = new ProxyError('origin_unreachable', 'refused');
    await expect(ask(refused)).rejects.toMatchObject({ code: 'origin_unreachable' });
    await ask(open());
    clock.advance(20_000);
    expect((await ask(refused)).outcome).toMatchObject({ stale: 'offline' });
    expect((await ask(503)).outcome).toMatchObject({ stale: 'offline' });
    // With no breaker seen for longer than one rests, an error is an error again.
    clock.advance(130_000);
    await settle();
    await expect(ask(refused)).rejects.toMatchObject({ code: 'origin_unreachable' });
    expect(await ask(503)).toMatchObject({ kind: 'raw', head: { status: 503 } });
  });

  it('once the breaker has closed a single error is an error', async () => {
    const { ask } = await outdated();
    await ask(open());
    expect((await ask(200, '/3/movie/551')).outcome.result).toBe('miss');
    expect(await ask(503)).toMatchObject({ kind: 'raw', head: { status: 503 } });
  });

  it('no other error is bridged: the client’s own, the queue’s, a fault of ours', async () => {
    const { ask } = await outdated();
    await ask(open());
    for (const code of ['client_closed', 'budget_exhausted', 'origin_rate_limited', 'internal'] as const)
      await expect(ask(new ProxyError(code, 'x'))).rejects.toMatchObject({ code });
  });

  it('only for that upstream: an outage of the API says nothing of images', async () => {
    const machine = new Machine();
    const times = realSite().times('detail');
    const site = { ...realSite(), times: () => times };
    await machine.filled('/3/movie/550', 200, { site });
    await machine.filled('/t/p/w500/a.jpg', 200, { site });
    machine.clock.advance(30 * DAY);
    const node = machine.started({ site });
    const ask = async (target: string, error: Error) => {
      const answer = node.ask(target);
      answer.catch(() => {});
      await settle();
      machine.origin.last.fail(error);
      return answer;
    };
    await ask('/3/movie/550', open());
    const refused = new ProxyError('origin_unreachable', 'refused');
    await expect(ask('/t/p/w500/a.jpg', refused)).rejects.toMatchObject({ code: 'origin_unreachable' });
    expect((await ask('/3/movie/550', refused)).outcome).toMatchObject({ stale: 'offline' });
  });

  it('by the letter none of it', async () => {
    const kit = engineKit({ site: { ttlPolicy: 'origin' } });
    const first = kit.ask('/x');
    await settle();
    kit.origin.last.reply({ headers: ['Cache-Control', 'max-age=60', 'ETag', '"1"'] });
    await bytesOf(await first);
    kit.clock.advance(DAY);
    const answer = kit.ask('/x');
    answer.catch(() => {});
    await settle();
    kit.origin.last.fail(open());
    await expect(answer).rejects.toMatchObject({ code: 'origin_breaker_open' });
  });
});

test('an outage is remembered for longer than a breaker ever rests', async () => {
  const clock = new FakeClock();
  clock.randomValue = 0.999;
  const breaker = new Breaker(clock, () => {});
  let longest = 0;
  for (let i = 0; i < 40; i++) {
    if (breaker.admits) await breaker.run(async () => ({ verdict: 'failure' as const }));
    if (breaker.state !== 'open') continue;
    longest = Math.max(longest, breaker.retryAfter);
    clock.advance(breaker.retryAfter * 1000);
  }
  expect(longest).toBeGreaterThan(60);
  expect(longest * 1000).toBeLessThan(REMEMBERED_MS);
});
