import type { Answer } from '../../../src/cache/answer.js';
import type { Coverage } from '../../../src/cache/coverage.js';
import { Engine } from '../../../src/cache/engine.js';
import type { Fetcher } from '../../../src/cache/fetcher.js';
import type { Lookup } from '../../../src/cache/lookup.js';
import { OriginFetcher } from '../../../src/cache/origin-fetcher.js';
import { type PurgeScope, PurgeTable } from '../../../src/cache/purge-table.js';
import { type ClassTimes, expectedOf, type SharedRoute, type SitePolicy } from '../../../src/cache/site.js';
import { WritingFetcher, type WritingFetcherParts } from '../../../src/cache/writes.js';
import type { Clock } from '../../../src/clock.js';
import { gather } from '../../../src/cluster/hub-client.js';
import { parentAnswer } from '../../../src/cluster/parent.js';
import type { Origin } from '../../../src/origin/source.js';
import type { EntryHead } from '../../../src/tiers/entry.js';
import { MemoryTier } from '../../../src/tiers/memory.js';
import type { Tier } from '../../../src/tiers/tier.js';
import { FakeClock, settle } from '../../support/fake-clock.js';
import { ScriptedOrigin } from '../../support/scripted-origin.js';

const MINUTE = 60_000;
const TIMES: ClassTimes = {
  memoryMs: 15 * MINUTE,
  freshMs: 60 * MINUTE,
  swrMs: 10 * MINUTE,
  sieMs: 600 * MINUTE,
};

/** A site on which everything may be shared but what says otherwise in its path. */
export const plainSite: SitePolicy = {
  name: 'test',
  ttlPolicy: 'content-type',
  transforms: true,
  route: ({ method, target, headers }) =>
    target.startsWith('/private')
      ? { kind: 'pass', upstream: 'api', reason: 'personal-path', target, headers, retryable: true }
      : method !== 'GET' && method !== 'HEAD'
        ? { kind: 'pass', upstream: 'api', reason: 'method', target, headers, retryable: false }
        : {
            kind: 'shared',
            upstream: 'api',
            key: target,
            class: 'detail',
            tags: [`tag:${target}`],
            target,
            headers: [],
          },
  classOf: (route, status) => (status === 404 ? 'negative' : route.class),
  times: () => TIMES,
  inspect: (_route, status, _headers, body) =>
    status === 200 && body.includes('"success":false') ? 'error-envelope' : undefined,
  tagsOf: () => [],
  tagsFromBody: () => false,
  resolveUrl: () => undefined,
  errorBody: (_status, code, message) => ({ type: 'text/plain', body: `${code} ${message}` }),
};

export interface SiteOverrides {
  site?: Partial<SitePolicy>;
  maxEntryBytes?: number;
  maxFlights?: number;
  offline?: boolean;
  honourMaxStale?: boolean;
  coverage?: Coverage;
  onKept?: (head: EntryHead) => Promise<void> | undefined;
  /** Where the origin's targets are known; by default `http://origin`. */
  bases?: readonly string[];
  /** In place of a purge that succeeds at once. */
  purgeWritten?: WritingFetcherParts['purge'];
}

export interface KitOverrides extends SiteOverrides {
  /** What several nodes have in common. */
  clock?: FakeClock;
  origin?: ScriptedOrigin;
  l2?: MemoryTier;
  /** Puts something between the engine and the origin. */
  wrap?: Wrap;
}

/** `find`: the engine's own look into its tiers. */
export type Wrap = (
  inner: Fetcher,
  find: Lookup['find'],
  purgedAt: (route: SharedRoute) => number,
) => Fetcher;

/** The scripted origin is taken for a parent proxy when it sends `X-TMDB-Proxy`. */
const ORIGIN = { origin: 'http://origin', username: undefined, password: undefined };

/** An engine over two memory tiers, a scripted origin and a clock that stands still. */
export function engineKit(overrides: KitOverrides = {}) {
  const clock = overrides.clock ?? new FakeClock();
  const origin = overrides.origin ?? new ScriptedOrigin(clock);
  const l2 = overrides.l2 ?? new MemoryTier({ maxBytes: 64 * 1024 * 1024 });
  return { ...engineOver({ ...overrides, clock, origin, l2 }), clock, origin, l2 };
}

/** Stands for one of the proxy's own. */
export const CREDENTIAL = 's3cret-of-the-proxy';

/** How long a body may take that is looked at whole, ms. */
export const INSPECT_MS = 30_000;

/** An engine with a memory of its own over whatever it is given. */
export function engineOver(parts: SiteOverrides & { clock: Clock; origin: Origin; l2: Tier; wrap?: Wrap }) {
  const { clock, origin, l2 } = parts;
  const memory = new MemoryTier({ maxBytes: 64 * 1024 * 1024 });
  const purges = new PurgeTable();
  const site = { ...plainSite, ...parts.site };
  const healed: string[] = [];
  const maxEntryBytes = parts.maxEntryBytes ?? 8 * 1024 * 1024;
  const asking = new OriginFetcher({
    site,
    origin,
    clock,
    maxEntryBytes,
    inspectMs: INSPECT_MS,
    scrub: (headers) => headers,
    spellsCredential: (key) => key.includes(CREDENTIAL),
    ownTarget: (_, location) => (location.startsWith('/') ? location : undefined),
    parent: {
      answer: (response) => parentAnswer(ORIGIN, response),
      overtaken: (head, bornAt) => purges.overtook(head, bornAt),
    },
    onHealed: (kind) => healed.push(kind),
    coverage: parts.coverage,
  });
  const reported: string[] = [];
  const writing = new WritingFetcher({
    inner:
      parts.wrap?.(
        asking,
        (route) => engine.lookup.find(route),
        (route) => purges.latestFor(expectedOf(site, route)),
      ) ?? asking,
    site,
    purges,
    clock,
    maxEntryBytes,
    bases: () => parts.bases ?? ['http://origin'],
    purge: parts.purgeWritten ?? (async (scopes, onNumbered, soft) => purgeAll(scopes, onNumbered, soft)),
    find: (route) => engine.lookup.find(route),
    store: (route, head, body) => engine.storer.finish(route, head, body),
    onBackgroundError: (error) => reported.push(error.code),
  });
  const engine: Engine = new Engine({
    site,
    memory,
    l2,
    purges,
    fetcher: writing,
    clock,
    maxEntryBytes,
    maxFlights: parts.maxFlights ?? 1000,
    softTimeoutMs: 1500,
    offline: parts.offline ?? false,
    honourMaxStale: parts.honourMaxStale ?? false,
    onBackgroundError: () => {},
    coverage: parts.coverage,
    onKept: parts.onKept,
  });
  function purge(scope: PurgeScope, soft = false): void {
    purgeAll([scope], () => {}, soft);
  }
  function purgeAll(scopes: readonly PurgeScope[], onNumbered: () => void, soft = false): number {
    const seq = purges.stamp() + 1;
    onNumbered();
    const rules = scopes.map((scope) => ({ scope, soft, seq, at: clock.now() }));
    for (const rule of rules) purges.apply(rule);
    engine.filler.flights.detach(rules);
    return seq;
  }
  function ask(
    target: string,
    options: { headers?: readonly string[]; method?: string; signal?: AbortSignal } = {},
  ): Promise<Answer> {
    const { headers = [], method = 'GET', signal = new AbortController().signal } = options;
    return engine.handle({ request: { method, target, headers }, signal });
  }
  return { site, memory, purges, fetcher: writing, engine, healed, reported, purge, purgeAll, ask };
}

/** The bytes of an answer as a client that takes the stored coding gets them. */
export async function bytesOf(answer: Answer): Promise<string> {
  return (answer.kind === 'entry' ? answer.entry.body : await gather(answer.body)).toString();
}

/** Fills `target` and lets the entry reach both tiers. */
export async function filled(kit: ReturnType<typeof engineKit>, target: string, body = '{"id":550}') {
  const answer = kit.ask(target);
  await settle();
  kit.origin.last.reply({ body });
  await bytesOf(await answer);
  await settle();
}
