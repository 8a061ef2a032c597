import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ProxyProcess, startProxy } from '../../support/proxy-process.js';
import { Soak } from '../../support/soak.js';
import { Client, type Reply } from '../bounds/clients.js';
import { ADMIN_KEY } from './states.js';

const soak = new Soak('guessing');
/** What `docs/operations.md` says is looked at of one address: at once, and then each second. */
const AT_ONCE = 40;
const EACH_SECOND = 2;
const CONNECTIONS = 10;

let proxy: ProxyProcess;
let port: number;
let hosts = 1;

beforeAll(async () => {
  proxy = await startProxy({ quiet: true, env: { WORKERS: '2', ADMIN_API_KEY: ADMIN_KEY } });
  port = Number(new URL(proxy.url).port);
});
afterAll(async () => {
  soak.end();
  await proxy.stop();
});

/** An address that has shown no key yet. */
const newcomer = () => `127.1.${hosts >> 8}.${hosts++ & 255}`;

async function show(client: Client, key: string): Promise<Reply> {
  client.socket.write(`GET /config/log-level HTTP/1.1\r\nHost: localhost\r\nX-API-Key: ${key}\r\n\r\n`);
  const reply = await client.reply();
  soak.requests++;
  if (reply === undefined) throw new Error('no answer to a key');
  if (reply.status === 429 && !reply.head.includes('\r\nretry-after: ')) soak.mistake('a 429 without an end');
  return reply;
}

async function withClients<T>(
  count: number,
  from: string,
  use: (client: Client) => Promise<T>,
): Promise<T[]> {
  const clients = await Promise.all(Array.from({ length: count }, () => Client.open(port, from)));
  const results = await Promise.all(clients.map(use));
  for (const client of clients) client.close();
  return results;
}

const wasLookedAt = ({ status, body }: Reply) => status === 401 || (status === 429 && body.includes('Wait'));

/** How many of so many wrong keys were looked at. */
async function guess(from: string, each: number): Promise<number> {
  const looked = await withClients(CONNECTIONS, from, async (client) => {
    let count = 0;
    for (let i = 0; i < each; i++) if (wasLookedAt(await show(client, `guess ${i}`))) count++;
    return count;
  });
  soak.input('guessed admin keys', CONNECTIONS * each);
  return looked.reduce((sum, count) => sum + count, 0);
}

/** Asks as Retry-After says; ms until it was let in. */
async function admitted(from: string): Promise<number> {
  const began = performance.now();
  const [ms] = await withClients(1, from, async (client) => {
    for (;;) {
      const { status, head } = await show(client, ADMIN_KEY);
      if (status === 200) return performance.now() - began;
      const seconds = Number(/\r\nretry-after: (\d+)/.exec(head)?.[1]);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  });
  return ms!;
}

it(
  'of thousands of guesses of an admin key few are looked at, and the right one is admitted within 20 s',
  async () => {
    await soak.rounds(1, 0.4, async () => {
      const from = newcomer();
      const began = performance.now();
      const looked = await guess(from, soak.long ? 1000 : 50);
      const seconds = (performance.now() - began) / 1000;
      // Two workers may each look at as many before they have heard of each other.
      expect(looked).toBeLessThanOrEqual(2 * AT_ONCE + CONNECTIONS + EACH_SECOND * seconds);
      soak.measures.keys_looked_at_count = Math.max(soak.measures.keys_looked_at_count ?? 0, looked);
      expect((await withClients(1, newcomer(), (client) => show(client, ADMIN_KEY)))[0]!.status).toBe(200);
      const ms = await admitted(from);
      soak.stalled(ms);
      expect(ms).toBeLessThan(20_000);
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.4),
);

it(
  'what one worker has seen the other knows: a guesser gains nothing by connections',
  async () => {
    await soak.rounds(1, 0.2, async () => {
      const from = newcomer();
      const clients = await Promise.all([Client.open(port, from), Client.open(port, from)]);
      for (let i = 0; i < AT_ONCE + 10; i++) await show(clients[0]!, 'wrong');
      let looked = 0;
      while (wasLookedAt(await show(clients[1]!, 'wrong'))) looked++;
      for (const client of clients) client.close();
      expect(looked).toBeLessThan(AT_ONCE / 2);
    });
  },
  soak.timeout(0.2),
);

it(
  'who guesses from the operator’s address does not lock the operator out',
  async () => {
    await soak.rounds(1, 0.2, async () => {
      const from = newcomer();
      await admitted(from);
      await guess(from, 20);
      const guessing = guess(from, 20);
      const [reply] = await withClients(1, from, (client) => show(client, ADMIN_KEY));
      expect(reply!.status).toBe(200);
      await guessing;
    });
    expect(soak.complaints).toEqual([]);
  },
  soak.timeout(0.2),
);
