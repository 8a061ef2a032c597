import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Soak } from '../../support/soak.js';
import { FLOODS } from './flood-cases.js';
import { bodyFor } from './recording-origin.js';
import { MOST_STALL_MS, Scene } from './scene.js';
import { head, TITLE } from './smuggling-cases.js';

const MIB = 1024 * 1024;
/** Requests of one connection, sent in one go. */
const PIPELINED = 100;
/** Connections left behind in one round. */
const ABANDONED = 120;
const KEYS = 80;
const KEYS_AT_A_TIME = 20;

const soak = new Soak('floods');
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open(soak, {
    MEMORY_CACHE_BYTES: String(16 * MIB),
    DISK_CACHE_BYTES: String(64 * MIB),
  });
});
afterAll(async () => {
  await scene.close();
  soak.end();
});

afterEach(() => scene.settled());

describe('floods', () => {
  it(
    'of bytes in a head are a title, or one refusal, and cost nobody else anything',
    async () => {
      await scene.beside(() =>
        soak.rounds(1, 0.2, async () => {
          for (const { name, bytes, statuses } of FLOODS) {
            const { replies, rest } = await scene.strike('oversized', bytes, { answers: 1 });
            const got = replies.map(({ status }) => status);
            expect.soft({ got, rest: rest.length }, name).toEqual({ got: statuses, rest: 0 });
            if (statuses[0] === 200) expect.soft(replies[0]?.body, name).toEqual(bodyFor('GET', TITLE));
          }
        }),
      );
      scene.judgeOrigin();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.2),
  );

  it(
    'of requests on one connection are answered in their order',
    async () => {
      const targets = Array.from({ length: PIPELINED }, (_, n) => (n % 3 ? TITLE : `/3/movie/2?page=${n}`));
      await scene.beside(() =>
        soak.rounds(1, 0.2, async () => {
          const bytes = targets.map((target) => head('GET', target)).join('');
          const { replies } = await scene.strike('pipelined', bytes, { answers: PIPELINED });
          expect(replies.map(({ body }) => body)).toEqual(targets.map((target) => bodyFor('GET', target)));
        }),
      );
      scene.judgeOrigin();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.2),
  );

  it(
    'of connections that are left at any moment leave nothing',
    async () => {
      const sendings = [
        '',
        'GET ',
        head('GET', TITLE),
        head('GET', '/t/p/original/big.jpg'),
        head('GET', TITLE).slice(0, -2),
        head('POST', '/3/movie/1/rating?session_id=s', 'Content-Length: 100000'),
        head('GET', TITLE).repeat(50),
      ];
      await scene.beside(() =>
        soak.rounds(1, 0.2, async () => {
          for (let n = 0; n < ABANDONED; n++) {
            const socket = connect({ port: scene.port, host: '127.0.0.1' }).on('error', () => {});
            await once(socket, 'connect');
            socket.write(sendings[n % sendings.length]!);
            soak.input('abandoned connection');
            if (n % 3 === 0) await new Promise(setImmediate);
            if (n % 2 === 0) socket.resetAndDestroy();
            else socket.destroy();
          }
        }),
      );
      scene.judgeOrigin();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.2),
  );

  it(
    'of keys fill what they may fill, and known titles stay right',
    async () => {
      let key = 0;
      const flood = async () => {
        for (let n = 0; n < KEYS; n += KEYS_AT_A_TIME) {
          const targets = Array.from(
            { length: KEYS_AT_A_TIME },
            () => `/3/movie/3?cb=${(soak.random() * 1e9).toString(36)}-${key++}`,
          );
          await Promise.all(
            targets.map(async (target) => {
              const { replies } = await scene.strike('random key', head('GET', target), { answers: 1 });
              if (!replies[0]?.body.equals(bodyFor('GET', target))) soak.mistake(target);
            }),
          );
          scene.judgeOrigin();
        }
      };
      await flood();
      const early = scene.residentBytes;
      await scene.beside(() => soak.rounds(1, 0.3, flood));
      soak.measures.resident_growth_bytes = scene.residentBytes - early;
      // Its bounds of memory, and room for what a heap has not given back.
      if (soak.long) expect(soak.measures.resident_growth_bytes).toBeLessThan(150 * MIB);
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.3),
  );

  it('keep nobody waiting', () => {
    expect(soak.longestStallMs).toBeLessThan(MOST_STALL_MS);
  });
});
