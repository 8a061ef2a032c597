import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LIMITS } from '../../../src/server/limits.js';
import { readExposition } from '../../support/exposition.js';
import { eventually } from '../../support/patience.js';
import { get } from '../../support/raw-client.js';
import { within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { Bystanders } from './bystander.js';
import { AFTERMATH_MS, MOST_STALL_MS, Scene } from './scene.js';
import { head } from './smuggling-cases.js';

/** A byte a second. */
const READ_MS = 1000;
/** How long they are watched in the short form, ms. */
const WATCHED_MS = 1500;
/** Of bodies of 24 MiB that nobody takes most must stay at the origin, bytes. */
const MOST_GROWTH = 200 * 1024 * 1024;

/** Bodies of 3 MiB: more together than may be on their way where an entry may have 4 MiB (`server/outgoing.ts`). */
const STORED = 10;
/** A connection that others wait for is left to a slow reader for so long (`origin/attempt-deadlines.ts`), ms. */
const LENT_MS = 5000;

const soak = new Soak('slow-arrivals');
/** Readers of each kind at a time; in the long form they want more connections than there are to the image host. */
const EACH = soak.long ? 12 : 6;
let scene: Scene;
let bodies = 0;
beforeAll(async () => {
  scene = await Scene.open(soak);
});
afterAll(async () => {
  await scene.close();
  soak.end();
});

/** Somebody who asks for a body that nobody has, and takes a byte of it each second. */
class Trickler {
  readonly socket: Socket;
  readonly #timer: NodeJS.Timeout;
  gone = false;

  /** @param times how often it asks, in one go: what the buffers of both sides hold is not slow to take */
  constructor(port: number, target: string, times = 1) {
    this.socket = connect({ port, host: '127.0.0.1' });
    this.socket.on('error', () => {});
    this.socket.on('close', () => this.#end());
    this.socket.write(head('GET', target).repeat(times));
    this.#timer = setInterval(() => this.socket.read(1), READ_MS);
    soak.requests += times;
  }

  /** Of one who reads nothing more the end is not seen: writing tells. */
  knock(): void {
    this.socket.write('\r\n', (error) => error && this.#end());
  }

  leave(): void {
    this.socket.destroy();
  }

  #end(): void {
    this.gone = true;
    clearInterval(this.#timer);
  }
}

/** Some that read a body of their own, as many of a large one, more than all bodies on their way may hold, and as many of one together. */
function tricklers(port: number): { list: Trickler[]; shared: string; large: Trickler[] } {
  const of = (target: (n: number) => string) =>
    Array.from({ length: EACH }, (_, n) => new Trickler(port, target(n)));
  const own = bodies++;
  const shared = `/t/p/original/big-shared-${own}.jpg`;
  const large = of((n) => `/t/p/original/huge-${own}-${n}.jpg`);
  const list = [...of((n) => `/t/p/original/big-${own}-${n}.jpg`), ...large, ...of(() => shared)];
  soak.input('reader of a byte a second of what arrives', list.length);
  return { list, shared, large };
}

/** Who reads as people do has pictures that arrive, also the one that others are slow to take; and what is usual is stored. */
async function othersAreServed(others: Bystanders, shared: string): Promise<void> {
  await others.ask(shared);
  for (let n = 0; n < 4; n++) await others.ask(`/t/p/w500/quick-${bodies++}.jpg`);
  const title = `/3/movie/2?quick=${bodies++}`;
  await others.ask(title);
  await eventually(async () =>
    expect((await get(`${scene.proxy.url}${title}`)).headers['x-cache']).toBe('HIT'),
  );
}

it(
  'readers of a byte a second keep nobody from bodies that arrive, make no process hold them, and leave nothing',
  async () => {
    await scene.beside(() =>
      soak.rounds(1, 0.4, async () => {
        const before = scene.residentBytes;
        const { list, shared } = tricklers(scene.port);
        const others = new Bystanders(scene.port, soak, 0);
        const began = performance.now();
        do await othersAreServed(others, shared);
        while (performance.now() - began < WATCHED_MS);
        expect(scene.residentBytes - before).toBeLessThan(MOST_GROWTH);
        for (const one of list) one.leave();
        await others.stop();
      }),
    );
    await scene.settled();
    scene.judgeOrigin();
    expect(soak.complaints).toEqual([]);
    expect(soak.longestStallMs).toBeLessThan(MOST_STALL_MS + LENT_MS);
  },
  soak.timeout(0.4),
);

it(
  'stored bodies that nobody takes are bounded together: the slowest readers are cut, and others are served',
  async () => {
    const few = await Scene.open(soak, { MEMORY_CACHE_BYTES: '1MiB', MAX_ENTRY_BYTES: '4MiB' });
    const stored = Array.from({ length: STORED }, (_, n) => `/t/p/original/big-stored-${n}.jpg`);
    for (const target of stored)
      await eventually(async () =>
        expect((await get(few.proxy.url + target)).headers['x-cache']).toBe('HIT'),
      );
    const list = stored.map((target) => new Trickler(few.port, target, 8));
    await eventually(async () => {
      const { body } = await get(`${few.proxy.url}/metrics`);
      const { sum } = readExposition(body.toString());
      expect(sum('tmdb_proxy_refused_total', { bound: 'outgoing' })).toBeGreaterThan(0);
    });
    const others = new Bystanders(few.port, soak, 0);
    await others.ask(stored[0]!);
    await others.stop();
    soak.input('reader of a byte a second of what is stored', list.length);
    for (const one of list) one.leave();
    await few.settled();
    await few.close();
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0),
);

it.runIf(soak.budgetMs > 2 * LIMITS.stallTimeout)(
  'they are cut when they have taken too little for too long',
  async () => {
    await scene.beside(() =>
      soak.rounds(1, 0.4, async () => {
        const { list, large } = tricklers(scene.port);
        await within(
          LIMITS.stallTimeout + 2 * AFTERMATH_MS,
          async () => {
            for (const one of large) one.knock();
            const open = large.filter(({ gone }) => !gone).length;
            if (open > 0) throw new Error(`${open} that take nothing are still there`);
          },
          READ_MS,
        );
        for (const one of list) one.leave();
      }),
    );
    await scene.settled();
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.4) + LIMITS.stallTimeout,
);
