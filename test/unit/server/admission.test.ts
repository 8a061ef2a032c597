import type { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../../../src/cache/engine.js';
import type { ServerSettings } from '../../../src/server/settings.js';
import { FakeClock } from '../../support/fake-clock.js';
import { gateOf } from '../../support/gate.js';
import { policy, V3 } from '../tmdb/tools.js';
import { answerOf, dial, entryOf, exchange, get, PASS, request, start, until } from './helpers.js';

const ALICE = 'alices-key-0123456789';
const BOB = 'bobs-key-0123456789';
const KEYS = `alice=${ALICE}\nbob=${BOB};classes=detail;rate=1;burst=1;diagnostics\nold=olds-key-0123456789;expires=2020-01-01`;

interface Seen {
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: string | undefined;
}

async function bodyOf(context: RequestContext): Promise<string | undefined> {
  const body = await context.readBody?.();
  if (body === undefined) return undefined;
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function open(keys = KEYS, settings: Partial<ServerSettings> = {}) {
  const clock = new FakeClock();
  const made = gateOf(keys, clock);
  const seen: Seen[] = [];
  const started = await start(
    async (context) => {
      const { target, headers } = context.request;
      seen.push({ target, headers, body: await bodyOf(context) });
      return answerOf(entryOf('{}'), { ...PASS });
    },
    { settings: { gate: made.gate, site: policy({ credentials: [V3] }), clock, ...settings } },
  );
  return { ...started, ...made, clock, seen };
}

const json = (body: Buffer) => JSON.parse(body.toString());
const written = (method: string, path: string, value: unknown, ...lines: string[]) => {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return `${request(method, path, 'Content-Type: application/json', length, ...lines)}${body}`;
};

describe('who has no good key gets an answer that clients of TMDB understand', () => {
  it.each([
    ['none', '/3/movie/1', 401, 7, /have a key of it\. Send the key you were given/],
    [
      'a wrong one',
      '/3/movie/1?api_key=0123456789abcdef',
      401,
      7,
      /not, or no longer, a key of this proxy\. Send the key/,
    ],
    [
      'one that has expired',
      '/3/movie/1?api_key=olds-key-0123456789',
      401,
      7,
      /has expired\. Ask the operator/,
    ],
    [
      'one for other classes',
      `/3/search/movie?query=1&api_key=${BOB}`,
      401,
      3,
      /not for requests of the class "search"/,
    ],
    [
      'one for other classes than what passes',
      `/3/account/1?api_key=${BOB}`,
      401,
      3,
      /of the class "personal"/,
    ],
  ])('%s', async (_what, target, status, code, message) => {
    const { port, seen } = await open();
    const got = await get(port, target);
    expect(got.status).toBe(status);
    expect(json(got.body)).toMatchObject({ success: false, status_code: code });
    expect(json(got.body).status_message).toMatch(message);
    expect(got.get('www-authenticate')).toMatch(/^Bearer/);
    expect(got.get('access-control-allow-origin')).toBe('*');
    expect(got.get('cache-control')).toBe('no-store');
    expect(seen).toEqual([]);
  });

  it('too many requests: 429 with Retry-After, and what the limit is', async () => {
    const { port, clock, refused, records } = await open();
    expect((await get(port, `/3/movie/1?api_key=${BOB}`)).status).toBe(200);
    const got = await get(port, `/3/movie/1?api_key=${BOB}`);
    expect(got.status).toBe(429);
    expect(got.get('retry-after')).toBe('1');
    expect(json(got.body)).toMatchObject({ success: false, status_code: 25 });
    expect(json(got.body).status_message).toContain('may ask 1 times a second');
    expect(refused).toEqual(['bob']);
    expect((await get(port, `/3/movie/1?api_key=${ALICE}`)).status).toBe(200);
    clock.advance(1000);
    expect((await get(port, `/3/movie/1?api_key=${BOB}`)).status).toBe(200);
    await until(() => records.length === 4);
    expect(records.map(({ tenant, status }) => `${tenant} ${status}`)).toEqual([
      'bob 200',
      'bob 429',
      'alice 200',
      'bob 200',
    ]);
  });

  it('guessing is slowed by address, and the right key passes all the same', async () => {
    const clock = new FakeClock();
    const { gate } = gateOf(KEYS, clock);
    let wrong = 0;
    const braking = Object.assign(Object.create(gate) as typeof gate, {
      wrong: (client: string) => {
        wrong += 1;
        expect(client).toBe('127.0.0.1');
        return undefined;
      },
    });
    for (const name of ['identify', 'enter', 'enterNow'] as const)
      Object.assign(braking, { [name]: (gate[name] as (...args: never[]) => unknown).bind(gate) });
    const { port } = await open(KEYS, { gate: braking });
    await get(port, '/3/movie/1?api_key=guess');
    await get(port, '/3/movie/1');
    await get(port, '/3/movie/1?api_key=olds-key-0123456789');
    await get(port, `/3/movie/1?api_key=${ALICE}`);
    expect(wrong).toBe(1);
  });
});

describe('what needs no key', () => {
  it('management, and the preflight of a browser, which can send none', async () => {
    const { port, seen } = await open();
    expect((await get(port, '/health')).status).toBe(200);
    const preflight = request(
      'OPTIONS',
      '/3/movie/1',
      'Origin: https://a.example',
      'Access-Control-Request-Method: GET',
    );
    expect((await exchange(port, preflight)).status).toBe(204);
    expect(seen).toEqual([]);
  });

  it('a target that is none is told so, whoever asks', async () => {
    const { port } = await open();
    expect((await get(port, '/3/movie%2f1')).status).toBe(400);
  });
});

describe('behind the gate there is no key', () => {
  it('neither in target, fields nor log', async () => {
    const { port, seen, records } = await open();
    await get(port, `/3/movie/1?language=de&api_key=${ALICE}`, `Authorization: Bearer ${ALICE}`);
    expect(seen).toEqual([
      { target: '/3/movie/1?language=de', headers: ['Host', 'localhost'], body: undefined },
    ]);
    await until(() => records.length === 1);
    expect(JSON.stringify(records)).not.toContain(ALICE);
    expect(records[0]).toMatchObject({ tenant: 'alice', path: '/3/movie/1?language=de' });
  });

  it('a class is that of the route, also with the cache switched off', async () => {
    const off = policy({ credentials: [V3], cacheEnabled: false });
    const { port } = await open(KEYS, { site: off });
    expect((await get(port, `/3/movie/1?api_key=${BOB}`)).status).toBe(200);
    expect((await get(port, `/3/search/movie?api_key=${BOB}`)).status).toBe(401);
    expect((await get(port, `/t/p/w500/x.jpg?api_key=${BOB}`)).status).toBe(401);
  });
});

describe("moviedb-promise's key in a JSON body", () => {
  it('is taken out; the rest goes on with its length', async () => {
    const { port, seen } = await open();
    const value = { api_key: ALICE, value: 8.5, name: 'a' };
    const got = await exchange(port, written('POST', '/3/movie/1/rating?session_id=s', value));
    expect(got.status).toBe(200);
    const rest = JSON.stringify({ value: 8.5, name: 'a' });
    expect(seen[0]!.body).toBe(rest);
    expect(seen[0]!.target).toBe('/3/movie/1/rating?session_id=s');
    const at = seen[0]!.headers.indexOf('Content-Length');
    expect(seen[0]!.headers[at + 1]).toBe(String(Buffer.byteLength(rest)));
  });

  it('also where the client waits to be told to go on', async () => {
    const { port, seen } = await open();
    const got = await exchange(
      port,
      written('DELETE', '/3/list/1', { api_key: ALICE }, 'Expect: 100-continue'),
    );
    expect(got.status).toBe(200);
    expect(seen[0]!.body).toBe('{}');
  });

  it.each([
    ["the client's own key to TMDB", { api_key: 'theirs', value: 1 }],
    ['no object', [1, 2]],
    ['what is no JSON', '{"api_key": '],
  ])('beside a key in the query a body is left as it came: %s', async (_what, value) => {
    const { port, seen } = await open();
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    await exchange(port, written('POST', `/3/movie/1/rating?api_key=${ALICE}`, text));
    expect(seen[0]!.body).toBe(text);
  });

  const form = (path: string, body: string, ...lines: string[]) =>
    `${request('POST', path, 'Content-Type: application/x-www-form-urlencoded', ...lines, `Content-Length: ${body.length}`)}${body}`;
  const chunked = (path: string, ...pieces: string[]) => {
    const chunks = [...pieces, ''].map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
    const lines = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
    return `${request('POST', path, ...lines)}${chunks.join('')}`;
  };
  const RATING = '/3/movie/1/rating';
  const OURS = JSON.stringify({ value: 8, api_key: ALICE });

  it.each([
    ['in chunks', chunked(RATING, OURS.slice(0, 9), OURS.slice(9)), '{"value":8}'],
    ['in a form', form(RATING, `value=8&api_key=${ALICE}&b=%20c`), 'value=8&b=%20c'],
    ['in a form, its name in disguise', form(RATING, `api%5Fkey=${ALICE}&value=8`), 'value=8'],
    ['in the query as well', chunked(`${RATING}?api_key=${ALICE}`, OURS), '{"value":8}'],
    ['in the query as well as a form', form(`${RATING}?api_key=${ALICE}`, `api_key=${ALICE}`), ''],
  ])('does not go to TMDB when it comes %s', async (_how, text, rest) => {
    const { port, seen } = await open();
    expect((await exchange(port, text)).status).toBe(200);
    expect(seen.map(({ body }) => body ?? '')).toEqual([rest]);
  });

  const PADDED = { api_key: ALICE, filler: 'x'.repeat(70_000) };
  it.each([
    ['it is too large', 413, written('POST', `${RATING}?api_key=${ALICE}`, PADDED)],
    ['it turns out too large', 413, chunked(`${RATING}?api_key=${ALICE}`, JSON.stringify(PADDED))],
    ['it is coded', 415, written('POST', `${RATING}?api_key=${ALICE}`, OURS, 'Content-Encoding: gzip')],
    ['a form is coded', 415, form(`${RATING}?api_key=${ALICE}`, 'value=8', 'Content-Encoding: br')],
  ])('a body that it could stand in unseen is refused: %s', async (_why, status, text) => {
    const { port, seen } = await open();
    const got = await exchange(port, text);
    expect(got.status).toBe(status);
    expect(json(got.body)).toMatchObject({ success: false, status_code: 47 });
    expect(seen).toEqual([]);
  });

  it('a wrong one, one in another type and one further in is none', async () => {
    const { port, seen } = await open();
    const codes: number[] = [];
    const ask = async (text: string) => codes.push((await exchange(port, text)).status);
    await ask(written('POST', '/3/movie/1/rating', { api_key: 'wrong' }));
    const form = `api_key=${ALICE}`;
    await ask(`${request('POST', '/3/movie/1/rating', `Content-Length: ${form.length}`)}${form}`);
    await ask(written('PUT', '/3/movie/1/rating', { inner: { api_key: ALICE } }));
    expect(codes).toEqual([401, 401, 401]);
    expect(seen).toEqual([]);
  });

  it('a client that leaves before its body has come costs nothing', async () => {
    const { port, records } = await open();
    const socket = dial(port);
    const text = written('POST', '/3/movie/1/rating', { api_key: ALICE, value: 1 });
    socket.write(text.slice(0, -5));
    await new Promise((resolve) => setTimeout(resolve, 30));
    socket.destroy();
    await until(() => records.length === 1);
    expect(records[0]).toMatchObject({ status: 499, aborted: true });
  });

  it('a client that leaves while its request waits for its turn at the origin ends no process', async () => {
    const { gate } = gateOf(KEYS, new FakeClock());
    let body: Readable | undefined;
    const { port } = await start(
      async (context) => {
        const left = new Promise<never>((_, reject) => context.signal.addEventListener('abort', reject));
        body = await context.readBody!();
        return left;
      },
      { settings: { gate, site: policy({ credentials: [V3] }) } },
    );
    const socket = dial(port);
    socket.write(written('POST', RATING, { api_key: ALICE, value: 1 }));
    await until(() => body !== undefined);
    socket.destroy();
    // An `error` that nobody listens for ends a process, and fails this run.
    await until(() => body!.closed);
    expect(body!.errored).toMatchObject({ message: 'the client went away' });
  });
});
