import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LIMITS } from '../../../src/server/limits.js';
import { eventually } from '../../support/patience.js';
import { get } from '../../support/raw-client.js';
import { within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { BYSTANDERS, Bystanders } from './bystander.js';
import { AFTERMATH_MS, MOST_STALL_MS, Scene } from './scene.js';
import { KINDS, type Kind, SlowClient, shorterTimes } from './slow-clients.js';
import { findSlowhttptest, MODES, type Mode, slowhttptest } from './slowhttptest.js';
import { TITLE } from './smuggling-cases.js';

/** Slow connections of each kind at a time. */
const EACH = 12;
/** A socket on which a write is under way looks a second time whether any of it was taken. */
const LOOKS = { headersTimeout: 1, requestTimeout: 1, stallTimeout: 2 };
/** Connections to the origin, which the clients of two kinds could hold. */
const TO_ORIGIN = 4;
/** The pace of what arrives goes by a clock that cannot be made to run faster from outside: see test/unit/server. */
const SHORTENED = (Object.keys(KINDS) as Kind[]).filter((kind) => kind !== 'slow reader of what arrives');
/** Between two bytes of a slow client, ms. */
const TICK_MS = 50;
/** What `src/server/limits.ts` allows, ms; short, so that `npm test` sees the end of each. */
const SHORT = {
  headersTimeout: 1000,
  requestTimeout: 2000,
  stallTimeout: 1500,
  connectionsCheckingInterval: 100,
};

const soak = new Soak('slow');
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open(soak, shorterTimes(SHORT));
  // Who reads it slowly is to have what is stored, from the first on.
  await eventually(async () =>
    expect((await get(`${scene.proxy.url}/t/p/original/big.jpg`)).headers['x-cache']).toBe('HIT'),
  );
});
afterAll(async () => {
  await scene.close();
  soak.end();
});

/** Clients of each kind dawdle until the proxy has let all of them go; each must be within its time. */
async function dawdle(place: Scene, kinds: readonly Kind[], times: typeof SHORT): Promise<void> {
  const clients = kinds.flatMap((kind) =>
    Array.from({ length: EACH }, () => new SlowClient(place.port, kind)),
  );
  const allowed = (kind: Kind) => {
    const { ends } = KINDS[kind];
    return times[ends] * LOOKS[ends] + times.connectionsCheckingInterval + AFTERMATH_MS;
  };
  const longest = Math.max(...kinds.map(allowed));
  const began = performance.now();
  await within(
    longest,
    async () => {
      for (const client of clients) client.dawdle();
      const open = clients.filter(({ isReader, heldMs }) => !isReader && heldMs === undefined).length;
      if (open > 0 || place.sockets > place.socketsBefore + BYSTANDERS)
        throw new Error(`${open} that send and others that read are still there`);
    },
    TICK_MS,
  );
  const ms = Math.round(performance.now() - began);
  soak.measures.slow_clients_gone_ms = Math.max(soak.measures.slow_clients_gone_ms ?? 0, ms);
  for (const client of clients) {
    const { kind, heldMs = 0, statusLine } = client;
    soak.input(kind);
    if (heldMs > allowed(kind)) soak.lose(`${kind}: closed after ${Math.round(heldMs)} ms`);
    if (KINDS[kind].ends === 'headersTimeout' && !statusLine.startsWith('HTTP/1.1 408 '))
      soak.lose(`${kind}: told ${statusLine}`);
    await client.readOn();
  }
}

describe('clients that are slow on purpose', () => {
  it(
    'are closed when their time is over, keep nobody else waiting, and leave nothing',
    async () => {
      await scene.beside(() => soak.rounds(1, 0.2, () => dawdle(scene, SHORTENED, SHORT)));
      await scene.settled();
      expect(soak.complaints).toEqual([]);
      expect(soak.longestStallMs).toBeLessThan(MOST_STALL_MS);
      // With other times it is the same program otherwise: it would say here that it leaves all to node:http.
      expect(scene.proxy.output()).not.toContain('FAST_PATH: ');
    },
    soak.timeout(0.2),
  );

  it(
    'keep nobody from the origin while they send a body',
    async () => {
      const few = await Scene.open(soak, { UPSTREAM_MAX_CONNECTIONS: String(TO_ORIGIN) });
      await soak.rounds(1, 0.05, async (round) => {
        const clients = (['slow body', 'slow chunks'] as const).flatMap((kind) =>
          Array.from({ length: EACH }, () => new SlowClient(few.port, kind)),
        );
        await Promise.all(clients.map(({ socket }) => once(socket, 'connect')));
        for (const client of clients) client.dawdle();
        const others = new Bystanders(few.port, soak, 0);
        for (let n = 0; n < 2 * TO_ORIGIN; n++) await others.ask(`/3/movie/1?while=${round}-${n}`);
        for (const client of clients) client.dawdle();
        if (clients.some(({ heldMs }) => heldMs !== undefined)) soak.lose('they did not go on sending');
        for (const { socket } of clients) socket.destroy();
        await others.stop();
      });
      await few.settled();
      await few.close();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.05),
  );

  describe.runIf(soak.long)('with the times of production', () => {
    let real: Scene;
    beforeAll(async () => {
      real = await Scene.open(soak);
    });
    afterAll(() => real.close());

    // Those of whom the minutes let the end be seen.
    const kinds = (Object.keys(KINDS) as Kind[]).filter(
      (kind) => LIMITS[KINDS[kind].ends] + 2 * AFTERMATH_MS < soak.budgetMs * 0.3,
    );
    it.runIf(kinds.length > 0)(
      `${kinds.join(', ')}: closed when their time is over`,
      async () => {
        await real.beside(() => soak.rounds(1, 0.3, () => dawdle(real, kinds, LIMITS)));
        await real.settled();
        expect(soak.complaints).toEqual([]);
        expect(soak.longestStallMs).toBeLessThan(MOST_STALL_MS);
      },
      soak.timeout(0.3) + LIMITS.requestTimeout,
    );

    const seconds = Math.max(40, Math.round((soak.budgetMs * 0.4) / 4000));
    const tool = soak.long ? findSlowhttptest() : undefined;
    it.runIf(tool !== undefined).each(Object.keys(MODES) as Mode[])(
      'slowhttptest %s cannot make it unavailable',
      async (mode) => {
        const what = `slowhttptest ${mode}, ${MODES[mode]}`;
        await real.beside(async () => {
          const target = mode === '-X' ? '/t/p/original/big.jpg' : TITLE;
          const { available, exit } = await slowhttptest(tool!, mode, real.proxy.url + target, seconds);
          soak.input(what, 300);
          if (available.length === 0 || available.some((word) => word !== 'YES'))
            soak.lose(`${what} found it available: ${available}`);
          // A head is not waited for so long.
          if (mode === '-H' && exit !== 'No open connections left') soak.lose(`${what} ended: ${exit}`);
        });
        await real.settled();
        expect(soak.complaints).toEqual([]);
        expect(soak.longestStallMs).toBeLessThan(MOST_STALL_MS);
      },
      soak.timeout(0.1) + 200_000,
    );
  });
});
