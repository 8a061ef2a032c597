import type { Endpoint, TtlPolicy, UpstreamConfig, UpstreamGroup, UpstreamType } from '../config.js';
import type { Mistakes } from '../config-error.js';
import type { Values } from '../settings/index.js';
import type { DerivedValues } from './derived.js';

export function deriveUpstream(
  values: Values,
  mistakes: Mistakes,
  rateGiven: boolean,
  derived: DerivedValues,
): UpstreamConfig {
  const type = values.UPSTREAM_TYPE;
  const servers = values.UPSTREAM_SERVERS;
  if (type === 'custom' && servers === undefined) {
    mistakes.addBetween(
      ['UPSTREAM_SERVERS', 'UPSTREAM_TYPE'],
      'is needed with UPSTREAM_TYPE=custom; write the server to cache, such as http://origin.example.org:8080',
    );
  }
  if (type !== 'custom' && servers !== undefined) {
    mistakes.addBetween(
      ['UPSTREAM_SERVERS', 'UPSTREAM_TYPE'],
      `is for UPSTREAM_TYPE=custom only, which is ${type}; set TMDB_API_URLS or TMDB_IMAGE_URLS for TMDB's hosts`,
    );
  }
  return {
    type,
    groups: groupsOf(type, values.TMDB_API_URLS, values.TMDB_IMAGE_URLS, servers ?? []).map((group) =>
      withParent(group, values.PARENT_PROXY),
    ),
    credentials: values.TMDB_API_KEY ?? [],
    maxConnections: Math.ceil(values.UPSTREAM_MAX_CONNECTIONS),
    rate: deriveRate(values, rateGiven, derived),
    requestTimeoutMs: values.REQUEST_TIMEOUT,
    maxRetries: values.MAX_RETRIES,
    maxFlights: values.MAX_FLIGHTS,
    healthCheckIntervalMs: values.HEALTH_CHECK_INTERVAL,
    httpsProxy: values.HTTPS_PROXY,
  };
}

/** 40 a second is TMDB's limit (TMDB.md, Limits); of a generic upstream none is known. */
function deriveRate(values: Values, given: boolean, derived: DerivedValues): number | null {
  if (given || values.UPSTREAM_TYPE !== 'custom') return values.UPSTREAM_RATE;
  derived.set('UPSTREAM_RATE', {
    value: null,
    reason: "the default is TMDB's limit; UPSTREAM_TYPE=custom has none unless set",
  });
  return null;
}

function groupsOf(
  type: UpstreamType,
  api: readonly Endpoint[],
  image: readonly Endpoint[],
  custom: readonly Endpoint[],
): UpstreamGroup[] {
  switch (type) {
    case 'tmdb':
      return [
        { name: 'api', servers: api },
        { name: 'image', servers: image },
      ];
    case 'tmdb-api':
      return [{ name: 'api', servers: api }];
    case 'tmdb-image':
      return [{ name: 'image', servers: image }];
    case 'custom':
      return [{ name: 'custom', servers: custom }];
  }
}

/** The parent is asked first; the hosts behind it stay for when it is away. */
function withParent(group: UpstreamGroup, parent: Endpoint | undefined): UpstreamGroup {
  if (parent === undefined) return group;
  return { ...group, servers: [parent, ...group.servers.filter(({ origin }) => origin !== parent.origin)] };
}

/** DESIGN, Times: the table is TMDB's; a generic upstream is followed by RFC 9111 to the letter. */
export function deriveTtlPolicy(values: Values, derived: DerivedValues): TtlPolicy {
  if (values.TTL_POLICY !== undefined) return values.TTL_POLICY;
  const type = values.UPSTREAM_TYPE;
  const policy: TtlPolicy = type === 'custom' ? 'origin' : 'content-type';
  derived.set('TTL_POLICY', { value: policy, reason: `preset of UPSTREAM_TYPE=${type}` });
  return policy;
}

/** Whether there are change lists, a use for them and, unless the operator knows better, a key to read them with. */
export function deriveChangeFeed(values: Values, given: boolean, derived: DerivedValues): boolean {
  const reason = values.CHANGE_FEED ? withoutFeed(values, given) : undefined;
  if (reason === undefined) return values.CHANGE_FEED;
  derived.set('CHANGE_FEED', { value: false, reason });
  return false;
}

function withoutFeed(values: Values, given: boolean): string | undefined {
  const { UPSTREAM_TYPE: type, PARENT_PROXY: parent } = values;
  if (type !== 'tmdb' && type !== 'tmdb-api') return `UPSTREAM_TYPE=${type} has no change lists`;
  if (values.OFFLINE) return 'OFFLINE=true asks the origin for nothing';
  if (!values.CACHE_ENABLED) return 'CACHE_ENABLED=false stores nothing that could change';
  if (values.TTL_POLICY === 'origin') return 'TTL_POLICY=origin leaves lifetimes to TMDB';
  const hasKey = values.TMDB_API_KEY !== undefined || parent?.username !== undefined;
  return given || hasKey ? undefined : 'the change lists need a key, and TMDB_API_KEY is unset';
}
