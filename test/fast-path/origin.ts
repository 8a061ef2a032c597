import { gzipSync } from 'node:zlib';
import type { Clock } from '../../src/clock.js';
import { formatHttpDate } from '../../src/http/dates.js';
import { field } from '../../src/http/headers.js';
import type { BodySource, Origin, OriginRequest, OriginResponse } from '../../src/origin/source.js';

interface Answered {
  readonly status?: number;
  readonly statusText?: string;
  readonly headers: readonly string[];
  readonly body?: Buffer | string;
}

/** What of an address and its generation decides the answer. */
interface Asking {
  readonly request: OriginRequest;
  readonly etag: string;
  readonly text: string;
  readonly now: number;
}

type Kind = (asking: Asking) => Answered;

const JSON_TYPE = ['Content-Type', 'application/json;charset=utf-8'];
const json = (headers: readonly string[], over: Partial<Answered> = {}): Kind => {
  return ({ text }) => ({ headers: [...JSON_TYPE, ...headers], body: text, ...over });
};

/** Every peculiarity of a response that the fast path must send as node:http would, or leave alone. */
export const KINDS: Readonly<Record<string, Kind>> = {
  strong: ({ etag, text }) => ({
    headers: [...JSON_TYPE, 'ETag', etag, 'Cache-Control', 'max-age=60'],
    body: text,
  }),
  weak: ({ etag, text }) => ({
    headers: [...JSON_TYPE, 'ETag', `W/${etag}`, 'Cache-Control', 'max-age=60', 'Set-Cookie', 'a=b; Path=/'],
    body: text,
  }),
  modified: ({ text, now }) => ({
    headers: [
      ...JSON_TYPE,
      ...['Last-Modified', formatHttpDate(now - 3_600_000), 'Date', formatHttpDate(now - 1500)],
      ...['Cache-Control', 's-maxage=30, max-age=5'],
    ],
    body: text,
  }),
  language: ({ request, etag, text }) => {
    const wanted = /\b(de|fr)\b/.exec(field(request.headers, 'accept-language') ?? '')?.[1] ?? 'en';
    return {
      headers: [
        ...JSON_TYPE,
        ...['Vary', 'Accept-Language', 'Content-Language', wanted],
        ...['ETag', etag, 'Cache-Control', 'max-age=60'],
      ],
      body: text.replace('{', `{"language":"${wanted}",`),
    };
  },
  coding: ({ request, etag, text }) => {
    const gzip = /gzip/.test(field(request.headers, 'accept-encoding') ?? '');
    return {
      headers: [
        ...JSON_TYPE,
        ...(gzip ? ['Content-Encoding', 'gzip'] : []),
        ...['Vary', 'Accept-Encoding', 'ETag', etag, 'Cache-Control', 'max-age=60'],
      ],
      body: gzip ? gzipSync(text) : text,
    };
  },
  agent: json(['Vary', 'User-Agent', 'Cache-Control', 'max-age=60']),
  missing: json(['Cache-Control', 'max-age=10'], { status: 404, statusText: 'Not Found' }),
  unstored: json(['Cache-Control', 'no-store']),
  private: json(['Cache-Control', 'private, max-age=60']),
  revalidated: ({ etag, text }) => ({
    headers: [...JSON_TYPE, 'ETag', etag, 'Cache-Control', 'max-age=0, stale-while-revalidate=30'],
    body: text,
  }),
  part: ({ etag, text }) => ({
    status: 206,
    statusText: 'Partial Content',
    headers: [
      ...JSON_TYPE,
      ...['ETag', etag, 'Content-Range', `bytes 0-9/${text.length}`, 'Cache-Control', 'max-age=60'],
    ],
    body: text.slice(0, 10),
  }),
  odd: ({ text, etag }) => ({
    status: 203,
    statusText: 'Tr\u00e8s bien',
    headers: [
      ...['X-Odd', 'caf\u00e9', 'X-Odd', '', 'x-odd', 'b', 'content-TYPE', 'application/json'],
      ...['Age', '7', 'Cache-Status', 'upstream; hit; ttl=3', 'X-Cache', 'theirs', 'X-Request-Id', 'theirs'],
      ...['Connection', 'X-Hop, keep-alive', 'X-Hop', 'gone', 'Keep-Alive', 'timeout=5', 'Trailer', 'X-T'],
      ...['eTAG', etag, 'Cache-Control', 'max-age=60', 'Access-Control-Expose-Headers', 'X-Odd'],
    ],
    body: text,
  }),
  nothing: () => ({ status: 204, statusText: 'No Content', headers: ['Cache-Control', 'max-age=60'] }),
  empty: () => ({ headers: ['Content-Type', 'text/plain', 'Cache-Control', 'max-age=60'], body: '' }),
  large: ({ text, etag }) => ({
    headers: [...['Content-Type', 'application/octet-stream', 'ETag', etag, 'Cache-Control', 'max-age=60']],
    body: text.padEnd(70_000, 'large '),
  }),
  /** Close to what is kept in one piece with its head. */
  joined: ({ text, etag }) => ({
    headers: ['Content-Type', 'text/plain', 'ETag', etag, 'Cache-Control', 'max-age=60'],
    body: text.padEnd(60_000, 'joined '),
  }),
  huge: ({ text }) => ({
    headers: [...JSON_TYPE, 'Cache-Control', 'max-age=60'],
    body: `{"filler":"${'huge'.repeat(75_000)}",${text.slice(1)}`,
  }),
  own: json(['Cache-Control', 'max-age=60, private="X-Own"', 'X-Own', 'yours']),
  brief: json(['Age', '0', 'Cache-Control', 'max-age=2, stale-if-error=60']),
  'no-transform': ({ text, etag }) => ({
    headers: [
      ...JSON_TYPE,
      ...['Content-Encoding', 'gzip', 'ETag', etag, 'Cache-Control', 'max-age=60, no-transform'],
    ],
    body: gzipSync(text),
  }),
  cookie: json(['Vary', 'Cookie, Accept', 'Cache-Control', 'max-age=60']),
  anything: json(['Vary', '*', 'Cache-Control', 'max-age=60']),
  proto: json(['Vary', 'X-Forwarded-Proto, Origin', 'Cache-Control', 'max-age=60']),
  moved: () => ({
    status: 301,
    statusText: '',
    headers: ['Location', '/3/movie/2', 'Cache-Control', 'max-age=60'],
    body: '',
  }),
  broken: json(['Cache-Control', 'max-age=60'], { status: 500, statusText: 'Internal Server Error' }),
  expires: ({ text, now }) => ({
    headers: [...JSON_TYPE, 'Date', formatHttpDate(now), 'Expires', formatHttpDate(now + 20_000)],
    body: text,
  }),
  /** Passed through caches of TMDB's, which say when. */
  dated: ({ text, etag, now }) => ({
    headers: [
      ...JSON_TYPE,
      ...['ETag', etag, 'Date', formatHttpDate(now), 'X-First', 'a', 'X-Second', 'b'],
      ...['X-Memc', 'HIT', 'X-Memc-Age', String(now % 1_000_000), 'X-Memc-Expires', String(now + 900_000)],
      ...['X-Amz-Cf-Id', `cf-${now}`, 'CF-Ray', `ray-${now}`, 'CDN-CachedAt', `cdn-${now}`],
      ...['X-Cache-Hits', String(now), 'Age', String(now % 100), 'Cache-Control', 'max-age=60'],
    ],
    body: text,
  }),
  authorised: json(['Cache-Control', 'public, s-maxage=60, must-revalidate', 'Vary', 'Authorization']),
};

export const KIND_NAMES = Object.keys(KINDS);
const JPEG = Buffer.from([0xff, 0xd8, 0xff, 0xe0]);
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/**
 * Answers as a function of the target, the request's fields and how often the address has changed. Images other than JPEG have
 * a length that is known before they have come.
 */
export class FunctionOrigin implements Origin {
  readonly asked: string[] = [];
  readonly #clock: Clock;
  readonly #generations = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The address has other content from now on. */
  change(target: string): void {
    const path = pathOf(target);
    this.#generations.set(path, (this.#generations.get(path) ?? 0) + 1);
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    this.asked.push(JSON.stringify([request.method, request.target, request.headers]));
    const now = this.#clock.now();
    const answered = this.#answer(request, now);
    const bytes = Buffer.from(answered.body ?? '');
    await new Promise(setImmediate);
    return {
      status: answered.status ?? 200,
      statusText: answered.statusText ?? 'OK',
      headers: answered.headers,
      body: bodyOf(request.method === 'HEAD' ? Buffer.alloc(0) : bytes),
      server: 'http://origin',
      requestTime: now,
      responseTime: now,
    };
  }

  #answer(request: OriginRequest, now: number): Answered {
    const path = pathOf(request.target);
    const ending = path.slice(path.lastIndexOf('.'));
    // Alone among them, since a hint that comes out of turn is dropped.
    if (ending === '.png') request.onInfo?.(103, ['Link', '</style.css>']);
    const generation = this.#generations.get(path) ?? 0;
    const name = kindOf(path);
    const etag = `"${name}-${generation}"`;
    const text = JSON.stringify({ id: 550, path, generation, filler: 'x'.repeat(1500) });
    const answered = KINDS[name]!({ request, etag, text, now });
    if (answered.status === undefined && field(request.headers, 'if-none-match')?.includes(etag)) {
      return { status: 304, statusText: 'Not Modified', headers: updateBy(answered.headers, etag) };
    }
    if (!path.includes('/t/p/')) return answered;
    const headers = answered.headers.filter(
      (_, i) => answered.headers[i - (i % 2)]!.toLowerCase() !== 'content-type',
    );
    const bytes = Buffer.from(answered.body ?? '');
    if (ending === '.jpg')
      return {
        ...answered,
        headers: ['Content-Type', 'image/jpeg', ...headers],
        body: Buffer.concat([JPEG, bytes]),
      };
    const isText = ending === '.svg';
    const body = isText ? Buffer.from(`<svg>${text}</svg>`) : Buffer.concat([PNG, bytes]);
    const type = isText ? 'image/svg+xml' : 'image/png';
    return {
      ...answered,
      headers: ['Content-Type', type, 'Content-Length', String(body.length), ...headers],
      body,
    };
  }
}

/** What a 304 has of the fields of the 200, in an order of its own. */
function updateBy(headers: readonly string[], etag: string): string[] {
  const update = ['etag', etag];
  for (let i = headers.length - 2; i >= 0; i -= 2) {
    const [name, value] = [headers[i]!, headers[i + 1]!];
    if (!/^(?:content-|etag$)/i.test(name)) update.push(name.toLowerCase(), value);
  }
  return update;
}

/** Paths name their kind by a number, which looks like an id of TMDB's. */
export function kindOf(path: string): string {
  const number = Number(/(\d+)(?:\.\w+)?$/.exec(path)?.[1] ?? 0);
  return KIND_NAMES[number % KIND_NAMES.length]!;
}

function pathOf(target: string): string {
  return target.split('?', 1)[0]!;
}

function bodyOf(bytes: Buffer): BodySource {
  let cancelled = false;
  return {
    start: (sink) => {
      setImmediate(() => {
        if (cancelled) return;
        if (bytes.length > 0) sink.data(bytes);
        if (!cancelled) sink.end();
      });
    },
    pause: () => {},
    resume: () => {},
    cancel: () => {
      cancelled = true;
    },
  };
}
