import { gzipSync } from 'node:zlib';
import { wholeBody } from '../../../src/cache/peek.js';
import { gather } from '../../../src/cluster/hub-client.js';
import type { TmdbCredential } from '../../../src/config/config.js';
import { Keyring } from '../../../src/keyring/keyring.js';
import { rotating } from '../../../src/keyring/rotating-origin.js';
import type { OriginService } from '../../../src/origin/origin.js';
import type { OriginRequest, OriginResponse } from '../../../src/origin/source.js';
import { FakeClock } from '../../support/fake-clock.js';

export const TMDB = 'https://api.themoviedb.org';

export const v3 = (value: string): TmdbCredential => ({ kind: 'v3', value });
export const v4 = (value: string): TmdbCredential => ({ kind: 'v4', value });

export function envelope(code: number): Buffer {
  return Buffer.from(JSON.stringify({ success: false, status_code: code, status_message: 'no' }));
}

/** Of what was sent: who it says that it is from. */
export function credentialsIn({ target, headers }: Pick<OriginRequest, 'target' | 'headers'>): string[] {
  const pairs = (target.split('?')[1] ?? '').split('&').filter((pair) => pair.startsWith('api_key='));
  const fields = headers.flatMap((name, i) =>
    i % 2 === 0 && /^authorization$/i.test(name) ? [headers[i + 1]!] : [],
  );
  return [...pairs, ...fields];
}

interface Reply {
  status: number;
  body?: Buffer;
  headers?: string[];
  server?: string;
}

/**
 * An origin that refuses the keys named in `refused` with their code, and otherwise answers as `answer` says (200). It keeps
 * what it was sent.
 */
export class KeyedOrigin implements OriginService {
  readonly sent: OriginRequest[] = [];
  readonly refused = new Map<string, number>();
  answer: (request: OriginRequest) => Reply | undefined = () => undefined;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async fetch(request: OriginRequest): Promise<OriginResponse> {
    this.sent.push(request);
    const now = this.#clock.now();
    const code = credentialsIn(request)
      .map((text) => this.refused.get(text.replace(/^(api_key=|bearer +)/i, '')))
      .find((known) => known !== undefined);
    const reply: Reply =
      this.answer(request) ??
      (code === undefined ? { status: 200, body: Buffer.from('{}') } : { status: 401, body: envelope(code) });
    return {
      status: reply.status,
      statusText: '',
      headers: reply.headers ?? ['Content-Type', 'application/json'],
      body: wholeBody(reply.body ?? Buffer.alloc(0)),
      server: reply.server ?? TMDB,
      requestTime: now,
      responseTime: now,
    };
  }

  status = () => [];
  async close(): Promise<void> {}
}

/** Keys, an origin that knows them, and what was said of refusals. */
export function keyringKit(credentials: readonly TmdbCredential[], standIns: readonly string[] = []) {
  const clock = new FakeClock();
  const told: [number: number, code: number][] = [];
  const keyring = new Keyring(credentials, clock, (number, code) => told.push([number, code]));
  const tmdb = new KeyedOrigin(clock);
  const origin = rotating(tmdb, keyring, new Set(standIns));
  async function ask(changes: Partial<OriginRequest> = {}) {
    const first = credentials[0]!;
    const response = await origin.fetch({
      upstream: 'api',
      method: 'GET',
      target:
        first.kind === 'v3' ? `/3/movie/550?language=de&api_key=${first.value}` : '/3/movie/550?language=de',
      headers: [
        'Accept',
        'application/json',
        ...(first.kind === 'v4' ? ['Authorization', `Bearer ${first.value}`] : []),
      ],
      retryable: true,
      priority: 'user',
      signal: new AbortController().signal,
      ...changes,
    });
    return { status: response.status, body: (await gather(response.body)).toString() };
  }
  const used = () => tmdb.sent.map((request) => credentialsIn(request).join(' '));
  return { clock, keyring, tmdb, origin, told, ask, used };
}

export const gzipped = (bytes: Buffer): Buffer => gzipSync(bytes);
