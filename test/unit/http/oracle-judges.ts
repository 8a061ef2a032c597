import CachePolicy from 'http-cache-semantics';
import { initialAge } from '../../../src/http/age.js';
import { requestCacheControl } from '../../../src/http/cache-control.js';
import { forbidsStale, freshnessLifetime, staleWindows } from '../../../src/http/freshness.js';
import { judgeReuse } from '../../../src/http/reuse.js';
import { storability } from '../../../src/http/storable.js';
import { responsePolicy } from '../../../src/http/targeted.js';
import { parseVary, secondaryKey } from '../../../src/http/vary.js';
import { ageAt } from '../../../src/tiers/entry.js';
import { ARRIVED, type Case, type Member, type Wish } from './oracle-cases.js';

/** What two implementations are compared in. Times in seconds; those of what is not stored have no meaning. */
export interface Judgement {
  readonly storable: boolean;
  readonly lifetime: number;
  /** At the time of the later request. */
  readonly age: number;
  /** Whether the later request is answered without asking the origin first. */
  readonly reuse: boolean;
}

const TARGET = 'http://origin.example/a';

/** The pure modules of this proxy, put together as a shared cache whose operator honours max-stale and stores cookies. */
export function ours(given: Case): Judgement {
  const headers = responseFields(given).flat();
  const request = requestFields(given.first, given.authorization).flat();
  const response = { status: given.status, headers };
  const policy = responsePolicy(headers);
  const { directives } = policy;
  const { lifetimeMs } = freshnessLifetime(response, { responseTime: ARRIVED, policy });
  const stored = { ageAtStore: initialAge(headers, ARRIVED, ARRIVED), storedAt: ARRIVED };
  const ageMs = ageAt(stored, ARRIVED + given.later * 1000);
  const second = requestFields(given.second, false).flat();
  const windows = staleWindows(directives);
  const { kind, reason } = judgeReuse(
    {
      ageMs,
      lifetimeMs,
      staleWhileRevalidateMs: windows.whileRevalidateMs,
      staleIfErrorMs: windows.ifErrorMs,
      noCache: directives.noCache,
      forbidsStale: forbidsStale(directives),
    },
    requestCacheControl(second),
    { honourMaxStale: true },
  );
  const vary = parseVary(headers);
  const matches = vary !== '*' && secondaryKey(vary, request) === secondaryKey(vary, second);
  return {
    storable: storability(given.method, request, response, { policy, targetUri: TARGET }).store,
    lifetime: directives.noCache ? 0 : lifetimeMs / 1000,
    age: ageMs / 1000,
    reuse: matches && (kind === 'fresh' || reason === 'request-max-stale'),
  };
}

/** http-cache-semantics, a cache of another author after RFC 7234. */
export function oracles(given: Case): Judgement {
  let now = ARRIVED;
  class Policy extends CachePolicy {
    override now(): number {
      return now;
    }
  }
  const request = {
    method: given.method,
    url: '/a',
    headers: joined(requestFields(given.first, given.authorization)),
  };
  const response = { status: given.status, headers: joined(responseFields(given)) };
  const policy = new Policy(request, response, { shared: true });
  now = ARRIVED + given.later * 1000;
  return {
    storable: policy.storable(),
    lifetime: policy.maxAge(),
    age: policy.age(),
    reuse: policy.satisfiesWithoutRevalidation({
      method: given.method,
      url: '/a',
      headers: joined(requestFields(given.second, false)),
    }),
  };
}

type Line = [name: string, value: string];

function responseFields(given: Case): Line[] {
  return lines([
    ['cache-control', list(given.cacheControl)],
    ['expires', given.expires?.text],
    ['date', given.date?.text],
    ['last-modified', given.lastModified?.text],
    ['age', given.age],
    ['vary', given.vary],
    ['pragma', given.pragma],
    ['content-location', given.contentLocation],
  ]);
}

function requestFields(wish: Wish, authorization: boolean): Line[] {
  return lines([
    ['authorization', authorization ? 'Bearer x' : undefined],
    ['cache-control', list(wish.cacheControl)],
    ['pragma', wish.pragma],
    ['accept-language', wish.language],
  ]);
}

function list(members: readonly Member[]): string | undefined {
  return members.length === 0 ? undefined : members.map(({ text }) => text).join(', ');
}

function lines(fields: (readonly [string, string | undefined])[]): Line[] {
  return fields.flatMap(([name, value]): Line[] => (value === undefined ? [] : [[name, value]]));
}

function joined(fields: readonly Line[]): Record<string, string> {
  return Object.fromEntries(fields);
}
