import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Answer } from '../../../src/cache/answer.js';
import { configurationRewriter, type RewriteOptions } from '../../../src/server/configuration-rewrite.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { settle } from '../../support/fake-clock.js';
import { ScriptedOrigin } from '../../support/scripted-origin.js';
import { engineKit } from '../cache/engine-kit.js';
import { policy } from '../tmdb/tools.js';
import {
  answerOf,
  bodyOf,
  clock,
  dial,
  entryOf,
  exchange,
  get,
  ManualBody,
  MISS,
  PASS,
  type Reply,
  request,
  start,
  until,
} from './helpers.js';

const PATH = '/3/configuration';
const CONFIGURATION = {
  change_keys: ['adult', 'images'],
  images: {
    base_url: 'http://image.tmdb.org/t/p/',
    secure_base_url: 'https://image.tmdb.org/t/p/',
    backdrop_sizes: ['w300', 'original'],
    odd: { text: 'http://image.tmdb.org/t/p/ "\u00e9\u4e2d"', number: 1.5e-7 },
  },
};
const TEXT = JSON.stringify(CONFIGURATION);
const HEADERS = [
  ...['Content-Type', 'application/json;charset=utf-8', 'ETag', 'W/"tmdb"', 'Vary', 'Origin'],
  ...['Last-Modified', 'Mon, 01 Dec 2025 00:00:00 GMT'],
];
const stored = (over: Partial<Entry> = {}) =>
  entryOf(TEXT, { key: `v1:api:${PATH}`, class: 'static', headers: HEADERS, ...over });
const zipped = (over: Partial<Entry> = {}) =>
  stored({ coding: 'gzip', recoded: true, body: gzipSync(TEXT), ...over });

const PUBLIC: RewriteOptions = { publicUrl: 'https://tmdb.example', trust: false };
const BEHIND: RewriteOptions = { publicUrl: undefined, trust: ['127.0.0.1'] };
const site = policy();

/** A listener that answers every request like this. */
async function serving(answer: Answer | (() => Answer), options: RewriteOptions) {
  const rewriter = configurationRewriter(options);
  const { port } = await start(typeof answer === 'function' ? answer : () => answer, {
    settings: { site, rewriter },
  });
  return port;
}

function valueIn(reply: Reply): typeof CONFIGURATION {
  const plain = reply.get('content-encoding') === 'gzip' ? gunzipSync(reply.body) : reply.body;
  return JSON.parse(plain.toString()) as typeof CONFIGURATION;
}

const baseOf = (reply: Reply) => valueIn(reply).images.base_url;

describe('with PUBLIC_URL', () => {
  it('base URLs name this proxy, everything else is the same JSON value byte for byte', async () => {
    const port = await serving(answerOf(stored()), PUBLIC);
    const reply = await get(port, `${PATH}?api_key=K`);
    const images = {
      ...CONFIGURATION.images,
      base_url: 'https://tmdb.example/t/p/',
      secure_base_url: 'https://tmdb.example/t/p/',
    };
    expect(reply.body.toString()).toBe(JSON.stringify({ ...CONFIGURATION, images }));
    expect(reply.get('content-length')).toBe(String(reply.body.length));
    expect(reply.get('vary')).toBe('Origin');
    expect(reply.get('x-cache')).toBe('HIT');
  });

  it.each([
    ['https://home.example/tmdb/', 'https://home.example/tmdb/t/p/'],
    ['http://192.168.1.5:6635', 'http://192.168.1.5:6635/t/p/'],
  ])('%s: %s, in both members', async (publicUrl, expected) => {
    const reply = await get(await serving(answerOf(stored()), { publicUrl, trust: false }), PATH);
    expect(valueIn(reply).images).toMatchObject({ base_url: expected, secure_base_url: expected });
  });

  it('304, HEAD, identity and gzip agree in tag and length', async () => {
    const port = await serving(answerOf(zipped()), PUBLIC);
    const identity = await get(port, PATH);
    const gzip = await get(port, PATH, 'Accept-Encoding: gzip');
    const tag = identity.get('etag') ?? '';
    expect(tag).toMatch(/^W\/"[\w-]{16}"$/);
    expect(valueIn(gzip)).toEqual(valueIn(identity));
    for (const [lines, full] of [
      [[], identity],
      [['Accept-Encoding: gzip'], gzip],
    ] as const) {
      const head = await exchange(port, request('HEAD', PATH, ...lines));
      expect(head.get('content-length')).toBe(String(full.body.length));
      expect(head.get('content-encoding')).toBe(full.get('content-encoding'));
      expect(head.get('etag')).toBe(tag);
      const unchanged = await get(port, PATH, ...lines, `If-None-Match: ${tag}`);
      expect([unchanged.status, unchanged.get('etag')]).toEqual([304, tag]);
    }
    const part = await get(port, PATH, 'Range: bytes=0-9');
    expect([part.status, part.body]).toEqual([206, identity.body.subarray(0, 10)]);
  });

  it("the tag and date of TMDB's own bytes are not those of ours", async () => {
    const port = await serving(answerOf(stored()), PUBLIC);
    const reply = await get(port, PATH, 'If-None-Match: W/"tmdb"');
    expect(reply.status).toBe(200);
    expect(reply.get('last-modified')).toBeUndefined();
    expect(baseOf(reply)).toBe('https://tmdb.example/t/p/');
  });

  it('another version, or another base, has another tag', async () => {
    const tags = new Set<string | undefined>();
    for (const [entry, publicUrl] of [
      [stored(), 'https://a.example'],
      [stored(), 'https://b.example'],
      [stored({ headers: [...HEADERS.slice(0, 2), 'ETag', 'W/"newer"'] }), 'https://a.example'],
      [stored({ headers: HEADERS.slice(0, 2) }), 'https://a.example'],
    ] as const) {
      tags.add((await get(await serving(answerOf(entry), { publicUrl, trust: false }), PATH)).get('etag'));
    }
    expect(tags.size).toBe(4);
    expect(tags.has(undefined)).toBe(false);
  });

  it.each([
    '/3//configuration',
    '/3/./configuration',
    '/3/%63onfiguration?session_id=s',
    '/3/configuration/',
  ])('also where it is written as %s', async (target) => {
    expect(baseOf(await get(await serving(answerOf(stored()), PUBLIC), target))).toBe(
      'https://tmdb.example/t/p/',
    );
  });

  it.each([
    ['a list below it', '/3/configuration/countries', stored()],
    ['a search for it', '/3/search/movie?query=%2F3%2Fconfiguration', stored()],
    ['an error', PATH, stored({ status: 404 })],
    ['something else at its address', PATH, entryOf('{"images":{"base_url":7}}')],
    ['a list at its address', PATH, entryOf('["images"]')],
    ['text that is no JSON', PATH, entryOf('{"images":{"base_url":"x"}')],
    ['what may not be transformed', PATH, stored({ headers: [...HEADERS, 'Cache-Control', 'no-transform'] })],
    ['a body that is far too long', PATH, stored({ body: Buffer.from(TEXT.padEnd(70_000)) })],
    ['a coding that is not ours to undo', PATH, stored({ coding: 'other' })],
  ])('%s stays as it is', async (_, target, entry) => {
    const reply = await get(await serving(answerOf(entry), PUBLIC), target);
    expect(reply.body).toEqual(entry.body);
    expect(reply.get('etag')).not.toMatch(/^W\/"[\w-]{16}"$/);
  });

  it('a child proxy gets the original, also from behind a CDN; a client behind a CDN does not', async () => {
    const port = await serving(answerOf(stored()), PUBLIC);
    for (const chain of ['tmdb-proxy-child', 'cloudflare, tmdb-proxy-child-2']) {
      expect((await get(port, PATH, `CDN-Loop: ${chain}`)).body.toString()).toBe(TEXT);
    }
    const reply = await get(port, PATH, 'CDN-Loop: cloudflare; subreqs=1');
    expect(baseOf(reply)).toBe('https://tmdb.example/t/p/');
  });

  it('what has just been fetched is rewritten like what is stored', async () => {
    const arriving = (): Answer => {
      const { body, ...head } = zipped({ recoded: false });
      const whole = async () => undefined;
      const chunks = [body.subarray(0, 20), body.subarray(20)];
      return {
        kind: 'arriving',
        head,
        length: undefined,
        body: bodyOf(...chunks),
        stored: whole(),
        whole,
        outcome: MISS,
      };
    };
    const port = await serving(arriving, PUBLIC);
    const reply = await get(port, PATH);
    expect(baseOf(reply)).toBe('https://tmdb.example/t/p/');
    expect(reply.get('x-cache')).toBe('MISS');
    const gzip = await get(port, PATH, 'Accept-Encoding: gzip');
    expect(gzip.get('content-length')).toBe(String(gzip.body.length));
    expect(baseOf(gzip)).toBe('https://tmdb.example/t/p/');
    expect((await get(port, PATH, `If-None-Match: ${reply.get('etag')}`)).status).toBe(304);
    const head = await exchange(port, request('HEAD', PATH));
    expect([head.get('etag'), head.get('content-length')]).toEqual([
      reply.get('etag'),
      String(reply.body.length),
    ]);
  });

  describe('not cached (CACHE_ENABLED=false)', () => {
    const raw =
      (body: Buffer, more: readonly string[] = []): (() => Answer) =>
      () => ({
        kind: 'raw',
        head: {
          status: 200,
          statusText: 'OK',
          headers: [...HEADERS, 'Content-Length', String(body.length), ...more],
        },
        body: bodyOf(body),
        share: false,
        outcome: PASS,
      });

    it.each([
      ['plain', raw(Buffer.from(TEXT))],
      ['gzip', raw(gzipSync(TEXT), ['Content-Encoding', 'gzip'])],
    ])('%s', async (_, answer) => {
      const port = await serving(answer, PUBLIC);
      const reply = await get(port, PATH);
      expect(baseOf(reply)).toBe('https://tmdb.example/t/p/');
      expect(reply.all('content-length')).toEqual([String(reply.body.length)]);
      const head = await exchange(port, request('HEAD', PATH));
      expect(head.get('etag')).toBe(reply.get('etag'));
      expect(head.get('content-length')).toBeUndefined();
    });

    it.each([
      ['what is too long', raw(Buffer.from(TEXT.padEnd(200_000)))],
      ['what is damaged', raw(Buffer.from([0x1f, 0x8b, 1, 2, 3]), ['Content-Encoding', 'gzip'])],
      ['a coding that is not known', raw(Buffer.from(TEXT), ['Content-Encoding', 'br'])],
    ])('%s goes on as it came', async (_, answer) => {
      const port = await serving(answer, PUBLIC);
      const reply = await get(port, PATH);
      expect(reply.get('etag')).toBe('W/"tmdb"');
      expect(reply.get('content-length')).toBe(String(reply.body.length));
    });

    it('a client that leaves while it comes gives it up', async () => {
      const body = new ManualBody();
      const rewriter = configurationRewriter(PUBLIC);
      const head = { status: 200, statusText: 'OK', headers: HEADERS };
      const answer: Answer = { kind: 'raw', head, body, share: false, outcome: PASS };
      const { port, records } = await start(() => answer, { settings: { site, rewriter } });
      const socket = dial(port);
      socket.write(request('GET', PATH));
      await until(() => body.sink !== undefined);
      body.sink!.data(Buffer.from('{'));
      socket.destroy();
      await until(() => body.cancelled && records.length === 1);
      expect(records[0]).toMatchObject({ aborted: true });
    });

    it('an origin that fails while it is waited for is an honest error', async () => {
      const failing = (): Answer => ({
        ...(raw(Buffer.from(TEXT))() as Extract<Answer, { kind: 'raw' }>),
        body: bodyOf('{"ima', new Error('broken')),
      });
      const reply = await get(await serving(failing, PUBLIC), PATH);
      expect(reply.status === 200 && !reply.broken).toBe(false);
    });
  });
});

describe('behind a trusted proxy', () => {
  const told =
    (...lines: string[]) =>
    async (options: RewriteOptions) => {
      const port = await serving(answerOf(stored()), options);
      return get(port, PATH, ...lines);
    };
  const ORIGINAL = CONFIGURATION.images.base_url;

  it.each([
    [['X-Forwarded-Host: tmdb.example', 'X-Forwarded-Proto: https'], 'https://tmdb.example/t/p/'],
    [['X-Forwarded-Host: TMDB.example:8443', 'X-Forwarded-Proto: HTTPS'], 'https://tmdb.example:8443/t/p/'],
    [['X-Forwarded-Host: a.example, b.internal', 'X-Forwarded-Proto: https, http'], 'https://a.example/t/p/'],
    [
      ['X-Forwarded-Host: a.example', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 444'],
      'https://a.example:444/t/p/',
    ],
    [
      ['X-Forwarded-Host: a.example', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 443'],
      'https://a.example/t/p/',
    ],
    [['X-Forwarded-Host: a.example:443', 'X-Forwarded-Proto: https'], 'https://a.example/t/p/'],
    [['X-Forwarded-Host: [2001:db8::1]:8080'], 'http://[2001:db8::1]:8080/t/p/'],
    [['X-Forwarded-Host: 192.168.1.5'], 'http://192.168.1.5/t/p/'],
    [['X-Forwarded-Proto: https'], 'https://localhost/t/p/'],
    [['X-Forwarded-For: 10.0.0.1'], ORIGINAL],
    [[], ORIGINAL],
  ])('%j: %s', async (lines, expected) => {
    expect(baseOf(await told(...lines)(BEHIND))).toBe(expected);
  });

  it.each([
    'X-Forwarded-Host: a.example/evil',
    'X-Forwarded-Host: user@a.example',
    'X-Forwarded-Host: a.example:99999',
    'X-Forwarded-Host: a.example:0',
    'X-Forwarded-Host: a.example:',
    'X-Forwarded-Host: a"b.example',
    'X-Forwarded-Host: a\tb.example',
    'X-Forwarded-Host: a\xe9.example',
    'X-Forwarded-Host: //a.example',
    'X-Forwarded-Host: ',
    'X-Forwarded-Host: , a.example',
    'X-Forwarded-Proto: javascript',
    'X-Forwarded-Proto: https://x',
    'X-Forwarded-Proto: ',
    'X-Forwarded-Port: 80x\r\nX-Forwarded-Host: a.example',
  ])('%j changes nothing', async (line) => {
    expect(baseOf(await told(line)(BEHIND))).toBe(ORIGINAL);
  });

  it('the fields of somebody who is not trusted change nothing', async () => {
    const lines = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https'];
    expect(baseOf(await told(...lines)({ publicUrl: undefined, trust: ['10.0.0.0/8'] }))).toBe(ORIGINAL);
    const both = { publicUrl: 'https://tmdb.example', trust: ['127.0.0.1'] };
    expect(baseOf(await told(...lines)(both))).toBe('https://tmdb.example/t/p/');
  });

  it('two hosts get one each at once, and caches behind are told by what they differ', async () => {
    const port = await serving(answerOf(stored()), BEHIND);
    const hosts = Array.from({ length: 40 }, (_, i) => `host-${i % 20}.example`);
    const replies = await Promise.all(hosts.map((host) => get(port, PATH, `X-Forwarded-Host: ${host}`)));
    expect(replies.map(baseOf)).toEqual(hosts.map((host) => `http://${host}/t/p/`));
    expect(new Set(replies.map((reply) => reply.get('etag'))).size).toBe(20);
    expect(replies[0]!.get('vary')).toBe('Origin, X-Forwarded-Host, X-Forwarded-Port, X-Forwarded-Proto');
  });
});

it('with neither there is nothing to ask on the way out', () => {
  expect(configurationRewriter({ publicUrl: undefined, trust: false })).toBeUndefined();
  expect(configurationRewriter({ publicUrl: undefined, trust: 0 })).toBeUndefined();
});

describe('what is stored', () => {
  it('stays as TMDB sent it: the next host, and a child proxy, are served from it', async () => {
    const origin = new ScriptedOrigin(clock);
    const kit = engineKit({ clock, origin, site });
    const { port } = await start(() => Promise.reject(new Error('unused')), {
      settings: { site, rewriter: configurationRewriter(BEHIND) },
      app: { engine: kit.engine },
    });
    const first = get(port, PATH, 'X-Forwarded-Host: a.example');
    await until(() => origin.asked.length === 1);
    origin.last.reply({ headers: HEADERS, body: TEXT });
    expect(baseOf(await first)).toBe('http://a.example/t/p/');
    await settle();
    const entry = await kit.l2.get(`v1:api:${PATH}`);
    expect(entry?.body.toString()).toBe(TEXT);
    const second = await get(port, PATH, 'X-Forwarded-Host: b.example');
    expect([baseOf(second), second.get('x-cache')]).toEqual(['http://b.example/t/p/', 'HIT']);
    const child = await get(port, PATH, 'X-Forwarded-Host: b.example', 'CDN-Loop: tmdb-proxy-child');
    expect(child.body.toString()).toBe(TEXT);
    expect(child.get('etag')).toBe('W/"tmdb"');
    expect(origin.asked).toHaveLength(1);
  });
});
