import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Soak } from '../../support/soak.js';
import { bodyFor } from './recording-origin.js';
import { MOST_STALL_MS, Scene } from './scene.js';
import { TITLE } from './smuggling-cases.js';
import { targets } from './target-cases.js';

const soak = new Soak('targets');
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open(soak);
});
afterAll(async () => {
  await scene.close();
  soak.end();
});

afterEach(() => scene.settled());

describe('targets, methods and fields that mean something else elsewhere', () => {
  it(
    'are what they are here or refused, and nobody else is answered otherwise',
    async () => {
      const table = targets(scene.port);
      await scene.beside(() =>
        soak.rounds(1, 0.8, async () => {
          for (const { name, bytes, status } of table) {
            const { replies, rest } = await scene.strike('target', bytes, { answers: 1 });
            const got = replies.map((reply) => reply.status);
            expect.soft({ got, rest: rest.length }, name).toEqual({ got: [status], rest: 0 });
            const body = replies[0]?.body ?? Buffer.alloc(0);
            if (status === 200) expect.soft(body, name).toEqual(bodyFor('GET', TITLE));
            else expect.soft(body.toString(), name).not.toMatch(/root:|550/);
          }
        }),
      );
      const asked = new Set(scene.judgeOrigin().map(({ target }) => target.replace(/\?seen=.*/, '')));
      expect([...asked].filter((target) => !/^\/3\/movie\/\d$/.test(target))).toEqual([]);
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.8),
  );

  it('keep nobody waiting', () => {
    expect(soak.longestStallMs).toBeLessThan(MOST_STALL_MS);
  });
});
