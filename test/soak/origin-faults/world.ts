import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { eventually, PATIENCE_MS } from '../../support/patience.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import type { Soak } from '../../support/soak.js';

/** REQUEST_TIMEOUT of these proxies, ms: a busy machine must not make an origin that is well look silent. */
export const TIMEOUT_MS = 1500;
/** A body that breaks off before anything of it was sent on is asked for once more, so two silences may follow each other, ms. */
export const LONGEST_MS = 2 * TIMEOUT_MS + PATIENCE_MS;

export const QUICK_TO_GIVE_UP: Readonly<Record<string, string>> = {
  WORKERS: '1',
  REQUEST_TIMEOUT: String(TIMEOUT_MS / 1000),
  STALE_SOFT_TIMEOUT: '0.15',
  STALE_WHILE_REVALIDATE: '0',
  MAX_RETRIES: '0',
  UPSTREAM_RATE: '2000',
  UPSTREAM_MAX_CONNECTIONS: '50',
  HEALTH_CHECK_INTERVAL: '1',
  ADMIN_API_KEY: 'soak-admin',
};

/** What the origin has under a path. */
export interface Title {
  readonly path: string;
  readonly kind: 'json' | 'image';
  readonly hash: string;
  /** Its coding undone. */
  readonly body: Buffer;
}

/** What a client saw. */
export interface Seen {
  /** 0: no head came. */
  readonly status: number;
  readonly cache: string;
  readonly coding: string;
  /** Of the body, its coding undone. */
  readonly hash: string;
  readonly body: Buffer;
  /** Whether all of the announced body came; else the connection was broken off, or its client would take a part for the whole. */
  readonly whole: boolean;
  readonly ms: number;
}

const GZIP_MAGIC = 0x1f;
const AS_FAR_AS_IT_GOES = { finishFlush: constants.Z_SYNC_FLUSH };

/** Asks as a client does and never rejects. */
export function ask(url: string, headers: Record<string, string> = {}): Promise<Seen> {
  const began = performance.now();
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let head = { status: 0, cache: '', coding: '' };
    const end = (whole: boolean) => {
      const raw = Buffer.concat(chunks);
      const body = head.coding !== '' && raw[0] === GZIP_MAGIC ? gunzipSync(raw, AS_FAR_AS_IT_GOES) : raw;
      const hash = createHash('sha256').update(body).digest('base64');
      resolve({ ...head, body, hash, whole, ms: performance.now() - began });
    };
    const asked = request(url, { headers, agent: false }, (response) => {
      const { statusCode = 0, headers: got } = response;
      head = {
        status: statusCode,
        cache: String(got['x-cache'] ?? ''),
        coding: got['content-encoding'] ?? '',
      };
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => end(response.complete));
      response.on('error', () => end(false));
    });
    asked.on('error', () => head.status === 0 && end(false));
    asked.end();
  });
}

/** `200 HIT`, `502`, `200 MISS cut`: what a client saw, in a word. */
export function wordOf({ status, cache, whole }: Seen): string {
  return [status, status === 200 ? cache : '', whole ? '' : 'cut'].filter((part) => part !== '').join(' ');
}

/** A sample origin and a proxy in front of it that gives up soon. */
export class World {
  private constructor(
    readonly origin: SampleOrigin,
    readonly proxy: ProxyProcess,
    readonly titles: readonly (readonly [json: Title, image: Title])[],
  ) {}

  /** @param count titles to ask for, each with its JSON and its poster */
  static async start(count: number, env: Record<string, string> = {}): Promise<World> {
    const origin = await startSampleOrigin();
    // A 304 has no body that could break.
    origin.conditional = false;
    const [titles, proxy] = await Promise.all([
      titlesOf(origin.url, count),
      startProxy({ env: pointedAt(origin.url, { ...QUICK_TO_GIVE_UP, ...env }), quiet: true }),
    ]);
    return new World(origin, proxy, titles);
  }

  ask(title: Title): Promise<Seen> {
    return ask(this.proxy.url + title.path);
  }

  /** POSTs to a management path. */
  async manage(path: string, body: object = {}): Promise<void> {
    const response = await fetch(this.proxy.url + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-API-Key': 'soak-admin' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  }

  async stop(): Promise<void> {
    await this.proxy.stop();
    await this.origin.close();
  }
}

/** What a proxy started with `env` finds other than it was, while it runs: see switches.mjs. */
export class Switches {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-switches-'));
  readonly #file = join(this.#folder, 'switches.json');
  readonly env = {
    NODE_OPTIONS: `--import=${new URL('switches.mjs', import.meta.url).href}`,
    SWITCHES: this.#file,
  };

  constructor() {
    this.set({});
  }

  set(switches: { readonly clockMs?: number; readonly dns?: boolean }): void {
    writeFileSync(this.#file, JSON.stringify(switches));
  }

  /** Resolves when the proxy goes by them. */
  async seen(): Promise<void> {
    const wanted = readFileSync(this.#file, 'utf8');
    await eventually(() => expect(readFileSync(`${this.#file}.seen`, 'utf8')).toBe(wanted));
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** What an origin without faults has; titles that have a poster. */
export async function titlesOf(originUrl: string, count: number): Promise<[json: Title, image: Title][]> {
  const titles: [Title, Title][] = [];
  for (let id = 1; titles.length < count; id++) {
    const path = `/3/movie/${id}`;
    const seen = await ask(`${originUrl}${path}?api_key=direct`);
    const name = seen.status === 200 && (JSON.parse(seen.body.toString()).poster_path as string | null);
    if (!name) continue;
    const image = `/t/p/w92${name}`;
    const poster = await ask(originUrl + image);
    titles.push([
      { path, kind: 'json', hash: seen.hash, body: seen.body },
      { path: image, kind: 'image', hash: poster.hash, body: poster.body },
    ]);
  }
  return titles;
}

/**
 * Judges what one request brought: an answer within `LONGEST_MS`, and with a 200 the origin's own bytes, or of a body that visibly
 * broke off a beginning that nobody can take for the whole.
 */
export function judge(soak: Soak, title: Title, seen: Seen, what: string): void {
  soak.requests++;
  soak.stalled(seen.ms);
  if (seen.ms > LONGEST_MS) soak.lose(`${what}: ${title.path} took ${Math.round(seen.ms)} ms`);
  const isPlain = seen.coding === '' || seen.coding === 'gzip';
  const isRight = seen.whole ? seen.hash === title.hash : isBeginning(seen.body, title.body);
  if (seen.status === 200 && (!isRight || !isPlain))
    soak.mistake(
      `${what}: ${title.path} ${wordOf(seen)} ${seen.body.length} bytes of ${title.body.length}: ${seen.body.toString('latin1', 0, 80)}`,
    );
}

/** What the sample origin adds to a body that is to be too long. */
const EXCESS = 'x'.repeat(16);

/**
 * Of the body, or of what the origin sends in its place when it is too long, cut short or both, and tells no length: a client can't
 * take it for the whole.
 */
function isBeginning(part: Buffer, body: Buffer): boolean {
  let same = 0;
  while (same < part.length && part[same] === body[same]) same++;
  return EXCESS.startsWith(part.toString('latin1', same));
}

/** Clients that ask for titles which are stored and fresh, until stopped: whatever the origin does, each gets a hit. */
export function untroubled(soak: Soak, world: World, titles: readonly Title[], clients = 4) {
  let stopped = false;
  const client = async (number: number) => {
    for (let i = number; !stopped; i++) {
      const title = titles[i % titles.length]!;
      const seen = await world.ask(title);
      judge(soak, title, seen, 'under load');
      if (seen.status !== 200 || seen.cache !== 'HIT' || !seen.whole)
        soak.lose(`under load: ${title.path} ${wordOf(seen)}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const running = Array.from({ length: clients }, (_, number) => client(number));
  return async () => {
    stopped = true;
    await Promise.all(running);
  };
}
