import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it } from 'vitest';
import { feedQuestions } from '../../../src/compose-feed-ask.js';
import type { Origin, OriginRequest } from '../../../src/origin/source.js';
import { Bench, read, refusal, request, settle, TestClock, until } from '../origin/helpers.js';
import { policy, V3, V4 } from '../tmdb/tools.js';

const bench = new Bench();
afterEach(() => bench.close());

const LIST = Buffer.from(
  JSON.stringify({ results: [{ id: 550 }], page: 1, total_pages: 1, total_results: 1 }),
);
const never = new AbortController().signal;

/** What the feed gets from a server that answers so. */
async function asked(answer: (response: ServerResponse) => void): Promise<Buffer> {
  const { url } = await bench.http((_, response) => answer(response));
  const ask = feedQuestions({ site: policy(), origin: bench.origin([url], new TestClock(200)) });
  return (await ask('/3/movie/changes?page=1', never)).body;
}

it('is asked as background work on everyone’s behalf, with the real key, past every cache', async () => {
  const seen: OriginRequest[] = [];
  const origin: Origin = {
    fetch: async (question) => {
      seen.push(question);
      throw new Error('seen');
    },
  };
  for (const credential of [V3, V4]) {
    const ask = feedQuestions({ site: policy({ credentials: [credential] }), origin });
    await expect(ask('/3/tv/changes?page=2', never)).rejects.toThrow('seen');
  }
  for (const question of seen)
    expect(question).toMatchObject({
      upstream: 'api',
      method: 'GET',
      priority: 'background',
      shared: true,
      retryable: true,
      signal: never,
    });
  for (const { headers } of seen) expect(headers.join()).toContain('Cache-Control,no-cache');
  expect(seen[0]!.target).toBe(`/3/tv/changes?page=2&api_key=${V3.value}`);
  expect(seen[1]!.target).toBe('/3/tv/changes?page=2');
  expect(seen[1]!.headers.join()).toContain(`Bearer ${V4.value}`);
});

it('keeps to the budget of the origin: it has half of the connections, and users who came later go first', async () => {
  const order: string[] = [];
  const held: ServerResponse[] = [];
  const { url } = await bench.http((incoming, response) => {
    expect(incoming.headers['cache-control']).toBe(
      incoming.url!.startsWith('/3/movie/changes') ? 'no-cache' : undefined,
    );
    order.push(incoming.url!);
    held.push(response);
  });
  const origin = bench.origin([url], new TestClock(), { group: { maxConnections: 2 } });
  const ask = feedQuestions({ site: policy(), origin });
  const answer = () => held.shift()!.end(LIST);
  const pages = [1, 2].map((page) => ask(`/3/movie/changes?page=${page}`, never));
  await until(() => order.length === 1);
  await settle();
  expect(order).toEqual(['/3/movie/changes?page=1']);
  expect(origin.status()[0]!.budget.queued).toMatchObject({ background: 1 });
  const users = ['/3/movie/1', '/3/movie/2'].map(async (target) =>
    read((await origin.fetch(request({ target }))).body),
  );
  await until(() => order.length === 2);
  answer();
  await until(() => order.length === 3);
  answer();
  await settle();
  answer();
  await until(() => order.length === 4);
  expect(order.slice(1)).toEqual(['/3/movie/1', '/3/movie/2', '/3/movie/changes?page=2']);
  answer();
  await Promise.all(users);
  for (const page of await Promise.all(pages)) expect(page.body).toEqual(LIST);
});

it('what is not asked on everyone’s behalf is not asked', async () => {
  const ask = feedQuestions({
    site: policy(),
    origin: bench.origin([await bench.refusing()], new TestClock()),
  });
  expect(await refusal(ask('/3/account/1', never))).toMatchObject({ code: 'internal' });
});

it('gzip is decoded whether its head says so or not (May 2026)', async () => {
  expect(await asked((response) => response.end(gzipSync(LIST)))).toEqual(LIST);
  const named = (response: ServerResponse) =>
    response.setHeader('Content-Encoding', 'gzip').end(gzipSync(LIST));
  expect(await asked(named)).toEqual(LIST);
  expect(await asked((response) => response.end(LIST))).toEqual(LIST);
});

it.each<[string, (response: ServerResponse) => void, string]>([
  ['damaged gzip', (response) => response.end(gzipSync(LIST).subarray(0, 20)), 'damaged gzip'],
  [
    'a page without end',
    (response) => {
      const more = () => {
        if (response.destroyed) return;
        response.write(Buffer.alloc(64 * 1024));
        setImmediate(more);
      };
      more();
    },
    'longer than',
  ],
])('%s is no list: the reading fails, and the connection is free again', async (_name, answer, message) => {
  const { url } = await bench.http((_, response) => answer(response));
  const origin = bench.origin([url], new TestClock(200));
  const ask = feedQuestions({ site: policy(), origin });
  const error = await refusal(ask('/3/movie/changes?page=1', never));
  expect(error).toMatchObject({ code: 'origin_protocol', message: expect.stringContaining(message) });
  await until(() => origin.status()[0]!.in_flight === 0);
});
