import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Soak } from '../../support/soak.js';
import { Bystanders } from './bystander.js';
import { Scene } from './scene.js';
import { head, TITLE } from './smuggling-cases.js';

/** Slow connections of each kind at a time. */
const EACH = 60;
/** Connections to the origin, which as many slow clients as there are kinds could hold. */
const TO_ORIGIN = 4;
/** Between two bytes of a slow client, ms; and how often they are sent under `npm test`. */
const TICK_MS = 50;
const TICKS = 20;
/** What a proxy allows a head (`server/limits.ts`), ms, and how much later it may notice. */
const HEAD_MS = 20_000;
const NOTICES_MS = 10_000;

const soak = new Soak('slow');
let scene: Scene;
beforeAll(async () => {
  scene = await Scene.open(soak, { UPSTREAM_MAX_CONNECTIONS: String(TO_ORIGIN) });
});
afterAll(async () => {
  await scene.close();
  soak.end();
});

/** What slow clients send first, and then again and again; nothing where it is reading that is slow. */
const KINDS = {
  'slow head': ['GET /3/movie/1 HTTP/1.1\r\nHost: a\r\n', 'X-A: b\r\n'],
  'slow body': [head('POST', '/3/movie/1/rating?session_id=s', 'Content-Length: 1000000'), 'x'],
  'slow chunks': [head('POST', '/3/movie/1/rating?session_id=s', 'Transfer-Encoding: chunked'), '1\r\nx\r\n'],
  'slow reader': [head('GET', '/t/p/original/big.jpg'), ''],
  silent: ['', ''],
} as const;
type Kind = keyof typeof KINDS;

function slowClient(kind: Kind): Socket {
  const socket = connect({ port: scene.port, host: '127.0.0.1' }).on('error', () => {});
  if (kind === 'slow reader') socket.pause();
  else socket.resume();
  soak.input(kind);
  return socket.setNoDelay().on('connect', () => void socket.write(KINDS[kind][0]));
}

const tick = (clients: readonly (readonly [Kind, Socket])[]) => {
  for (const [kind, socket] of clients) if (socket.writable) socket.write(KINDS[kind][1]);
};
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe('clients that are slow on purpose', () => {
  it(
    'keep nobody else waiting, and what they hold goes when they do',
    async () => {
      await scene.beside(() =>
        soak.rounds(1, 0.2, async () => {
          const clients = (Object.keys(KINDS) as Kind[]).flatMap((kind) =>
            Array.from({ length: EACH }, () => [kind, slowClient(kind)] as const),
          );
          for (let n = 0; n < TICKS; n++) {
            tick(clients);
            await pause(TICK_MS);
          }
          for (const [, socket] of clients) socket.destroy();
        }),
      );
      await scene.settled();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.2),
  );

  it(
    'keep nobody from the origin while they send a body',
    async () => {
      await soak.rounds(1, 0.05, async (round) => {
        const clients = (['slow body', 'slow chunks'] as const).flatMap((kind) =>
          Array.from({ length: EACH }, () => [kind, slowClient(kind)] as const),
        );
        await Promise.all(clients.map(([, socket]) => once(socket, 'connect')));
        tick(clients);
        const others = new Bystanders(scene.port, soak, 0);
        for (let n = 0; n < 2 * TO_ORIGIN; n++) await others.ask(`/3/movie/1?while=${round}-${n}`);
        tick(clients);
        if (clients.some(([, socket]) => socket.destroyed)) soak.lose('they did not go on sending');
        for (const [, socket] of clients) socket.destroy();
        await others.stop();
      });
      await scene.settled();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.05),
  );

  it.runIf(soak.long)(
    'that go on sending a head, or nothing, are closed in time',
    async () => {
      await scene.beside(() =>
        soak.rounds(1, 0.3, async () => {
          const clients = (['slow head', 'silent'] as const).flatMap((kind) =>
            Array.from({ length: EACH }, () => [kind, slowClient(kind)] as const),
          );
          const began = performance.now();
          while (
            clients.some(([, socket]) => !socket.destroyed) &&
            performance.now() < began + HEAD_MS + NOTICES_MS
          ) {
            tick(clients);
            await pause(500);
          }
          for (const [kind, socket] of clients) {
            if (!socket.destroyed) soak.lose(`${kind}: still open`);
            socket.destroy();
          }
        }),
      );
      await scene.settled();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.3) + HEAD_MS + NOTICES_MS,
  );

  const tool = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'slowhttptest'));
  // Its colours stand before the word.
  it.runIf(soak.long && tool.some(existsSync))(
    'cannot make it unavailable with slowhttptest',
    async () => {
      const url = `${scene.proxy.url}${TITLE}`;
      const seconds = Math.max(30, Math.round((soak.budgetMs * 0.4) / 4000));
      await scene.beside(async () => {
        for (const mode of ['-H', '-B', '-R', '-X']) {
          const args = [
            mode,
            '-c',
            '300',
            '-r',
            '100',
            '-i',
            '2',
            '-l',
            String(seconds),
            '-p',
            '3',
            '-u',
            url,
            '-v',
            '1',
          ];
          const { stdout, stderr } = await promisify(execFile)('slowhttptest', args, { maxBuffer: 2 ** 26 });
          soak.input(`slowhttptest ${mode}`, 300);
          if (/service available:[^\nY]*NO/.test(stdout + stderr))
            soak.lose(`slowhttptest ${mode} found it unavailable`);
        }
      });
      await scene.settled();
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.4) + 200_000,
  );
});
