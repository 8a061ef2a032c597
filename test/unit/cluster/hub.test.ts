import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Fetched } from '../../../src/cache/fetcher.js';
import type { Made } from '../../../src/cache/made.js';
import type { SharedRoute } from '../../../src/cache/site.js';
import { systemClock } from '../../../src/clock.js';
import { Frame, FrameReader, writeFrame } from '../../../src/cluster/frames.js';
import { gather, HubClient } from '../../../src/cluster/hub-client.js';
import { type HubFetcher, startHub } from '../../../src/cluster/hub-server.js';
import { HubConnector } from '../../../src/cluster/hub-socket.js';
import { ProxyError } from '../../../src/errors.js';
import type { OriginResponse } from '../../../src/origin/source.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { eventually } from '../../support/patience.js';
import { ScriptedBody } from '../../support/scripted-origin.js';

const route: SharedRoute = {
  kind: 'shared',
  upstream: 'api',
  key: 'v1:api:/3/movie/550',
  class: 'detail',
  tags: ['movie:550'],
  target: '/3/movie/550?api_key=x',
  headers: ['Accept', 'application/json'],
};
const head: Omit<Entry, 'body'> = {
  key: route.key,
  primaryKey: route.key,
  status: 200,
  statusText: 'OK',
  headers: ['X-Odd-Cäse', 'ÿ'],
  coding: 'identity',
  recoded: false,
  class: 'detail',
  tags: [],
  stamp: 7,
  storedAt: 1,
  ageAtStore: 0,
  lifetime: 1000,
  memoryFor: 10,
  staleWhileRevalidate: 0,
  staleIfError: 0,
  vary: [],
  marker: false,
};

describe('frames', () => {
  it('come out as they went in, wherever the stream is cut', () => {
    const payloads = fc.array(
      fc.tuple(fc.constantFrom(...Object.values(Frame)), fc.uint8Array({ maxLength: 300 })),
    );
    fc.assert(
      fc.property(payloads, fc.array(fc.integer({ min: 1, max: 40 })), (sent, cuts) => {
        const wire = new PassThrough();
        for (const [type, payload] of sent) writeFrame(wire as never, type, Buffer.from(payload));
        const bytes = (wire.read() as Buffer | null) ?? Buffer.alloc(0);
        const got: { type: number; bytes: number[] }[] = [];
        const reader = new FrameReader((type, payload) => {
          const last = got.at(-1);
          // Data is handed on in pieces; only their sum is promised.
          if (type === Frame.data && last?.type === Frame.data) last.bytes.push(...payload);
          else got.push({ type, bytes: [...payload] });
        });
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const step = cuts[i % Math.max(1, cuts.length)] ?? 7;
          reader.push(bytes.subarray(at, at + step));
          at += step;
        }
        const wanted: typeof got = [];
        for (const [type, payload] of sent) {
          const last = wanted.at(-1);
          if (type === Frame.data && last?.type === Frame.data) last.bytes.push(...payload);
          else if (type !== Frame.data || payload.length > 0) wanted.push({ type, bytes: [...payload] });
        }
        expect(got).toEqual(wanted);
      }),
    );
  });
});

describe('asking the core from a worker', () => {
  let directory: string;
  let server: Server;
  let client: HubClient;
  const fill = vi.fn<HubFetcher['fill']>();
  const pass = vi.fn<HubFetcher['pass']>();
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'hub-'));
    server = await startHub(join(directory, 's'), { fill, pass });
    client = new HubClient(new HubConnector(join(directory, 's'), async (lost) => lost, systemClock));
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    rmSync(directory, { recursive: true });
    vi.resetAllMocks();
  });
  const job = (signal = new AbortController().signal) =>
    ({
      route,
      stored: undefined,
      stamp: 0,
      priority: 'user',
      forward: 'uri-miss',
      signal,
      alone: false,
      over: Promise.resolve('stored' as const),
    }) as const;

  it('a storable answer arrives with its head as it is and its body while it comes', async () => {
    const body = new ScriptedBody();
    fill.mockResolvedValue({ kind: 'storable', head, body, length: 6 } satisfies Fetched);
    const fetched = await client.fetch(job());
    if (fetched.kind !== 'storable') throw new Error(fetched.kind);
    expect(fetched.head).toEqual(head);
    const seen: string[] = [];
    fetched.body.start({
      data: (chunk) => seen.push(chunk.toString()),
      end: () => seen.push('|'),
      error: () => {},
    });
    body.data(Buffer.from('abc'));
    await eventually(() => expect(seen).toEqual(['abc']));
    body.data(Buffer.from('def'));
    body.end();
    await eventually(() => expect(seen.join('')).toBe('abcdef|'));
  });

  it('what the core made of a body follows it, coded bytes and all, without holding its end back', async () => {
    const body = new ScriptedBody();
    let made!: (made: Made | undefined) => void;
    const making = new Promise<Made | undefined>((resolve) => (made = resolve));
    fill.mockResolvedValue({ kind: 'storable', head, body, length: undefined, making } satisfies Fetched);
    const fetched = await client.fetch(job());
    if (fetched.kind !== 'storable') throw new Error(fetched.kind);
    body.data(Buffer.from('plain'));
    body.end();
    expect((await gather(fetched.body)).toString()).toBe('plain');
    const coded = Buffer.alloc(300_000, 'z');
    made({ tags: ['movie:550'], coding: 'gzip', recoded: true, body: coded });
    const { body: kept, ...rest } = (await fetched.making)!;
    expect(rest).toEqual({ tags: ['movie:550'], coding: 'gzip', recoded: true });
    expect(kept?.equals(coded)).toBe(true);
  });

  it('a worker hears that the core made nothing of a body, and judges alone when the core goes away', async () => {
    const body = new ScriptedBody();
    fill.mockResolvedValueOnce({
      kind: 'storable',
      head,
      body,
      length: 0,
      making: Promise.resolve(undefined),
    } satisfies Fetched);
    const refused = await client.fetch(job());
    if (refused.kind !== 'storable') throw new Error(refused.kind);
    body.end();
    await gather(refused.body);
    expect(await refused.making).toBeUndefined();

    const second = new ScriptedBody();
    const never = new Promise<Made | undefined>(() => {});
    fill.mockResolvedValueOnce({ kind: 'storable', head, body: second, length: 0, making: never });
    const cut = await client.fetch(job());
    if (cut.kind !== 'storable') throw new Error(cut.kind);
    second.data(Buffer.from('half'));
    second.error(new ProxyError('origin_protocol', 'cut'));
    await expect(gather(cut.body)).rejects.toMatchObject({ code: 'origin_protocol' });
    expect(await cut.making).toBeUndefined();
  });

  it('an entry the core has is handed over whole', async () => {
    const bytes = Buffer.alloc(3_000_000, 'x');
    fill.mockResolvedValue({ kind: 'current', entry: { ...head, body: bytes }, forwardStatus: 304 });
    const fetched = await client.fetch(job());
    expect(fetched).toMatchObject({ kind: 'current', forwardStatus: 304 });
    expect(fetched.kind === 'current' && fetched.entry.body.equals(bytes)).toBe(true);
  });

  it('a failure keeps its code; one in mid-body is an error, never an end', async () => {
    fill.mockRejectedValueOnce(new ProxyError('budget_exhausted', 'full', { retryAfter: 3 }));
    await expect(client.fetch(job())).rejects.toMatchObject({ code: 'budget_exhausted', retryAfter: 3 });
    const body = new ScriptedBody();
    fill.mockResolvedValue({ kind: 'storable', head, body, length: undefined });
    const fetched = await client.fetch(job());
    if (fetched.kind !== 'storable') throw new Error(fetched.kind);
    const whole = gather(fetched.body);
    body.data(Buffer.from('half'));
    body.error(new ProxyError('origin_protocol', 'cut'));
    await expect(whole).rejects.toMatchObject({ code: 'origin_protocol' });
  });

  it('a worker that gives up cancels at the core: before the head, and in the body', async () => {
    const gone = new AbortController();
    let atCore: AbortSignal | undefined;
    fill.mockImplementation((_request, signal) => {
      atCore = signal;
      return new Promise(() => {});
    });
    const early = client.fetch(job(gone.signal));
    await eventually(() => expect(atCore).toBeDefined());
    gone.abort();
    await expect(early).rejects.toMatchObject({ code: 'client_closed' });
    await eventually(() => expect(atCore!.aborted).toBe(true));

    const body = new ScriptedBody();
    fill.mockReset();
    fill.mockResolvedValue({ kind: 'storable', head, body, length: undefined });
    const late = await client.fetch(job());
    if (late.kind !== 'storable') throw new Error(late.kind);
    late.body.cancel();
    await eventually(() => expect(body.cancelled).toBe(true));
  });

  it('a worker that does not read holds the origin back', async () => {
    const body = new ScriptedBody();
    fill.mockResolvedValue({ kind: 'storable', head, body, length: undefined });
    const fetched = await client.fetch(job());
    if (fetched.kind !== 'storable') throw new Error(fetched.kind);
    let got = 0;
    let sent = 0;
    fetched.body.start({ data: (chunk) => (got += chunk.length), end: () => {}, error: () => {} });
    fetched.body.pause();
    while (!body.paused && sent < 50_000_000) {
      body.data(Buffer.alloc(100_000));
      sent += 100_000;
      await new Promise(setImmediate);
    }
    expect(sent).toBeLessThan(10_000_000);
    fetched.body.resume();
    await eventually(() => expect([body.paused, got]).toEqual([false, sent]));
    fetched.body.cancel();
  });

  it('interim responses of a fill reach the worker that waits for it with a client, and only that one', async () => {
    let told: Parameters<HubFetcher['fill']>[2];
    fill.mockImplementation(async (request, _signal, onInfo) => {
      told = onInfo;
      onInfo?.(103, ['Link', '</caf\xe9>', 'X-A', '1']);
      onInfo?.(102, []);
      const body = new ScriptedBody();
      body.end();
      expect(request.interim).toBe(onInfo !== undefined);
      return { kind: 'storable', head, body, length: 0 } satisfies Fetched;
    });
    const infos: unknown[] = [];
    const onInfo = (status: number, headers: readonly string[]) => infos.push([status, headers]);
    const fetched = await client.fetch({ ...job(), onInfo });
    expect(infos).toEqual([
      [103, ['Link', '</caf\xe9>', 'X-A', '1']],
      [102, []],
    ]);
    if (fetched.kind === 'storable') await gather(fetched.body);
    // The flight goes on for others when this worker has its answer.
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(() => told?.(103, [])).not.toThrow();
    expect(infos).toHaveLength(2);
    await client.fetch(job());
    expect(told).toBeUndefined();
  });

  it('interim responses without end fill no memory of the core while a worker does not read', async () => {
    const flood = 100_000;
    fill.mockImplementation(async (_request, _signal, onInfo) => {
      for (let i = 0; i < flood; i++) onInfo?.(103, ['Link', '</a>; rel=preload']);
      const body = new ScriptedBody();
      body.end();
      return { kind: 'storable', head, body, length: 0 } satisfies Fetched;
    });
    let told = 0;
    const fetched = await client.fetch({ ...job(), onInfo: () => told++ });
    if (fetched.kind === 'storable') await gather(fetched.body);
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(flood / 10);
  });

  it('a pass-through carries the request body, interim responses and a raw head', async () => {
    pass.mockImplementation(async (request) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request.body as Readable) chunks.push(chunk as Buffer);
      request.onInfo?.(103, ['Link', '</a>; rel=preload']);
      const body = new ScriptedBody();
      body.data(Buffer.concat(chunks));
      body.end();
      return {
        status: 201,
        statusText: 'Made',
        headers: ['A', '1', 'a', '2'],
        body,
        server: 's',
        requestTime: 1,
        responseTime: 2,
      } satisfies OriginResponse;
    });
    const infos: number[] = [];
    const response = await client.pass({
      upstream: 'api',
      method: 'POST',
      target: '/3/movie/1/rating',
      headers: [],
      body: Readable.from([Buffer.from('{"value":'), Buffer.from('8}')]),
      retryable: false,
      priority: 'user',
      signal: new AbortController().signal,
      onInfo: (status) => infos.push(status),
    });
    expect(response).toMatchObject({ status: 201, statusText: 'Made', headers: ['A', '1', 'a', '2'] });
    expect((await gather(response.body)).toString()).toBe('{"value":8}');
    expect(infos).toEqual([103]);
  });

  it.each([
    [
      'fails',
      () => {
        throw new ProxyError('origin_unreachable', 'refused');
      },
    ],
    [
      'is answered before',
      (): OriginResponse => {
        const body = new ScriptedBody();
        body.end();
        const times = { requestTime: 1, responseTime: 2 };
        return { status: 413, statusText: 'Too Large', headers: [], body, server: 's', ...times };
      },
    ],
  ])('an upload that %s and that nobody has read leaves no connection behind', async (_, answer) => {
    pass.mockImplementation(async () => answer());
    const asked = client.pass({
      upstream: 'api',
      method: 'POST',
      target: '/3/movie/1/rating',
      headers: [],
      body: Readable.from(Array.from({ length: 30 }, () => Buffer.alloc(100_000))),
      retryable: false,
      priority: 'user',
      signal: new AbortController().signal,
    });
    await asked.then(({ body }) => gather(body)).catch(() => {});
    const connections = () => new Promise((resolve) => server.getConnections((__, count) => resolve(count)));
    await eventually(async () => expect(await connections()).toBe(0));
  });
});
