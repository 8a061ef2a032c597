import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { get } from '../../support/raw-client.js';
import { Soak } from '../../support/soak.js';
import { FLOODS } from './flood-cases.js';
import { bodyFor } from './recording-origin.js';
import { MOST_STALL_MS, Scene } from './scene.js';
import { head, TITLE } from './smuggling-cases.js';
import type { Reply } from './strike.js';

const MIB = 1024 * 1024;
/** Requests of one connection, sent in one go. */
const PIPELINED = 100;
/** Connections left behind in one round. */
const ABANDONED = 120;
/** More than memory has room for. */
const KEYS = 400;
const BYTES_OF_KEY = 6000;
const MEMORY_BYTES = 2 * MIB;
const DISK_BYTES = 64 * MIB;
const KEYS_AT_A_TIME = 20;

/** What `/cache/info` tells of bounds. */
interface Info {
  readonly memory_cache: {
    readonly bytes: number;
    readonly max_bytes: number;
    readonly current_size: number;
  };
  readonly l2_cache: { readonly total_size: number; readonly max_bytes: number };
}

const soak = new Soak('floods');
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open(soak, {
    MEMORY_CACHE_BYTES: String(MEMORY_BYTES),
    DISK_CACHE_BYTES: String(DISK_BYTES),
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
          for (const { name, bytes, statuses, target = TITLE } of FLOODS) {
            const { replies, rest } = await scene.strike('oversized', bytes, { answers: 1 });
            const got = replies.map(({ status }) => status);
            expect.soft({ got, rest: rest.length }, name).toEqual({ got: statuses, rest: 0 });
            const isTitle = replies[0]?.body.equals(bodyFor('GET', target));
            if (statuses[0] === 200) expect.soft(isTitle, name).toBe(true);
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
    'of ranges and of conditions get what they ask for, and nothing of them stays',
    async () => {
      const image = '/t/p/w500/range.jpg';
      const whole = bodyFor('GET', image);
      const title = bodyFor('GET', TITLE);
      await scene.beside(() =>
        soak.rounds(3, 0.15, async (round) => {
          const starts = Array.from({ length: PIPELINED }, (_, n) => (round * PIPELINED + n * 7) % 19_000);
          const ranges = starts.map((at) => head('GET', image, `Range: bytes=${at}-${at + 99},0-0,${at}-`));
          const parts = starts.map((at) => head('GET', image, `Range: bytes=${at}-${at + 99}`));
          const tags = starts.map((at) => head('GET', TITLE, `If-None-Match: "${at}", W/"${soak.random()}"`));
          const [several, single, tagged] = await Promise.all(
            [ranges, parts, tags].map((requests, i) =>
              scene.strike(['several ranges', 'range', 'If-None-Match'][i]!, requests.join(''), {
                answers: PIPELINED,
              }),
            ),
          );
          expect(several!.replies.length).toBe(PIPELINED);
          for (const [i, reply] of several!.replies.entries())
            expect(isOf(whole, starts[i]!, reply), `${starts[i]}: ${reply.head}`).toBe(true);
          expect(single!.replies.map(({ status }) => status)).toEqual(starts.map(() => 206));
          for (const [i, { body }] of single!.replies.entries())
            expect(body.equals(whole.subarray(starts[i], starts[i]! + 100)), String(starts[i])).toBe(true);
          expect(
            tagged!.replies.filter(({ status, body }) => status === 200 && body.equals(title)).length,
          ).toBe(PIPELINED);
        }),
      );
      scene.judgeOrigin();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.15),
  );

  it(
    'of keys fill memory and disk to their bounds and no further, and what is asked for often stays a hit',
    async () => {
      let key = 0;
      for (let i = 0; i < 3; i++) await popular();
      await scene.beside(() =>
        soak.rounds(1, 0.3, async () => {
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
            await popular();
            scene.judgeOrigin();
          }
        }),
      );
      const { body } = await get(`${scene.proxy.url}/cache/info`);
      const { memory_cache: memory, l2_cache: disk } = JSON.parse(body.toString()) as Info;
      soak.measures.memory_held_bytes = memory.bytes;
      soak.measures.disk_held_bytes = disk.total_size;
      expect(memory.max_bytes).toBeLessThanOrEqual(MEMORY_BYTES);
      expect(disk.max_bytes).toBeLessThanOrEqual(DISK_BYTES);
      expect(memory.bytes).toBeLessThanOrEqual(memory.max_bytes);
      expect(disk.total_size).toBeLessThanOrEqual(disk.max_bytes);
      // More was stored than there is room for: keys were let go.
      expect(key * BYTES_OF_KEY).toBeGreaterThan(memory.max_bytes);
      expect(memory.current_size).toBeLessThan(key);
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.3),
  );

  /** Whether an answer to `start-`, `0-0` and what lies within the first is the whole, or each part of it once, whole and in order. */
  function isOf(whole: Buffer, start: number, { status, head: fields, body }: Reply): boolean {
    if (status === 200) return body.equals(whole);
    const rest = whole.subarray(start);
    if (start <= 1) return status === 206 && body.equals(whole);
    const [, boundary] = /\r\nContent-Type: multipart\/byteranges; boundary=(\S+)/i.exec(fields) ?? [];
    const parts = body.toString('latin1').split(`--${boundary}`);
    const bytesOf = (part: string) => part.slice(part.indexOf('\r\n\r\n') + 4, -2);
    return (
      status === 206 &&
      boundary !== undefined &&
      parts.length === 4 &&
      bytesOf(parts[1]!) === rest.toString('latin1') &&
      bytesOf(parts[2]!) === whole.toString('latin1', 0, 1)
    );
  }

  /** Asked for between other keys, as titles of the day are. */
  async function popular(): Promise<void> {
    const { replies } = await scene.strike('popular key', head('GET', TITLE), { answers: 1 });
    if (!/\r\nX-Cache: HIT\r\n/i.test(replies[0]?.head ?? ''))
      soak.lose(`a popular title was no hit: ${replies[0]?.head}`);
  }

  it('keep nobody waiting', () => {
    expect(soak.longestStallMs).toBeLessThan(MOST_STALL_MS);
  });
});
