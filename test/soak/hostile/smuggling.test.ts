import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Soak } from '../../support/soak.js';
import { mutated } from './mutation.js';
import { type Arrived, bodyFor } from './recording-origin.js';
import { MOST_STALL_MS, Scene } from './scene.js';
import { head, ODD, SMUGGLED, SMUGGLING, TITLE } from './smuggling-cases.js';

/** Strikes at a time. */
const TOGETHER = 10;
/** What nobody knows the outcome of is listened to for so long, ms, then the client says that it has no more to send. */
const LISTEN_MS = 100;

const soak = new Soak('smuggling');
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open(soak, { WORKERS: '2' });
});
afterAll(async () => {
  await scene.close();
  soak.end();
});

afterEach(() => scene.settled());

describe('a node of two workers', () => {
  it('refuses whatever has two readings, as a whole and with its connection, and asks the origin none of it', async () => {
    await scene.beside(async () => {
      await together(SMUGGLING, async ({ name, bytes, statuses }) => {
        const { replies, closed, rest } = await scene.strike('smuggling', bytes);
        const got = replies.map(({ status }) => status);
        expect
          .soft({ got, closed, rest: rest.length }, name)
          .toEqual({ got: statuses, closed: true, rest: 0 });
      });
    });
    const asked = scene.judgeOrigin();
    expect(asked.filter(isPassed)).toEqual([]);
    expect(soak.complaints).toEqual([]);
  }, 30_000);

  it('reads what looks odd in the one way it has, and sends it on in that way', async () => {
    await scene.beside(async () => {
      for (const { name, bytes, statuses, asks } of ODD) {
        scene.judgeOrigin();
        const { replies, closed } = await scene.strike('odd framing', bytes);
        const got = replies.map(({ status }) => status);
        expect.soft({ got, closed }, name).toEqual({ got: statuses, closed: true });
        const passed = scene.judgeOrigin().filter(isPassed);
        expect
          .soft(
            passed.map(({ method, body }) => [method, body]),
            name,
          )
          .toEqual(asks ? [asks] : []);
        if (asks === undefined) expect.soft(replies[0]?.body, name).toEqual(bodyFor('GET', TITLE));
      }
    });
    expect(soak.complaints).toEqual([]);
  }, 30_000);

  it(
    'answers or closes, whatever a byte is made of, and the origin gets requests to the letter',
    async () => {
      const well = [
        head('GET', TITLE),
        head('GET', TITLE, 'Accept: */*', 'Cookie: a=b', 'X-A: planted'),
        `${head('GET', TITLE, 'Content-Length: 5')}hello`,
        `${head('POST', '/3/movie/1/rating?session_id=s', 'Content-Length: 5')}hello`,
        `${head('POST', '/3/movie/1/rating?session_id=s', 'Transfer-Encoding: chunked')}5\r\nhello\r\n0\r\n\r\n`,
        ...SMUGGLING.slice(0, 10).map(({ bytes }) => bytes.replace(SMUGGLED, '')),
      ];
      const volley = fc.array(mutated(fc.constantFrom(...well)), {
        minLength: TOGETHER,
        maxLength: TOGETHER,
      });
      await scene.beside(() =>
        soak.property(
          25,
          0.85,
          fc.asyncProperty(volley, async (list) => {
            await Promise.all(
              list.map((bytes) => scene.strike('mutated bytes', bytes, { listenMs: LISTEN_MS })),
            );
            scene.judgeOrigin();
            expect(soak.complaints).toEqual([]);
          }),
        ),
      );
    },
    soak.timeout(0.85),
  );

  it('has kept nobody waiting', () => {
    expect(soak.longestStallMs).toBeLessThan(MOST_STALL_MS);
    expect([soak.lost, soak.wrong]).toEqual([0, 0]);
    expect(soak.inputs['mutated bytes']).toBeGreaterThanOrEqual(250);
  });
});

/** Not a fill that others may share. */
function isPassed({ method, body }: Arrived): boolean {
  return method !== 'GET' || body !== '';
}

/** So many at a time, all of them. */
async function together<T>(list: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < list.length; i += TOGETHER) await Promise.all(list.slice(i, i + TOGETHER).map(each));
}
