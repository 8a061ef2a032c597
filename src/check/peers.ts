import type { Clock } from '../clock.js';
import { askPeer } from '../cluster/peers.js';
import type { ClusterConfig, Config, Endpoint } from '../config/config.js';
import { type Finding, fail, ok, type Part, reasonOf, warn } from './finding.js';
import { PROBE, withKey } from './keys.js';

const ASK_MS = 5000;

/** Other proxies: whether they are there, are this program, and take the key in their URL. */
export function peerParts(config: Pick<Config, 'cluster' | 'upstream' | 'cache'>, clock: Clock): Part[] {
  const { peers, parent }: ClusterConfig = config.cluster;
  const peersPart: Part = {
    name: 'peers',
    look: async (signal) => {
      if (peers.length === 0) return [ok('peers', 'PEER_PROXIES is unset')];
      return Promise.all(peers.map((peer) => peerFinding(peer, clock, signal)));
    },
  };
  if (parent === undefined) return [peersPart];
  const look = config.cache.offline
    ? async () => [ok('parent', 'OFFLINE=true: it is not asked')]
    : async (signal: AbortSignal) => [await parentFinding(parent, config, clock, signal)];
  return [peersPart, { name: 'parent', look }];
}

async function peerFinding(peer: Endpoint, clock: Clock, signal: AbortSignal): Promise<Finding> {
  const away = await unusable('peers', 'peer', 'PEER_PROXIES', peer, clock);
  if (away !== undefined) return away;
  const key = keyOf(peer);
  const status = await statusOf(
    `${peer.origin}/cache/info`,
    key === undefined ? {} : { 'x-api-key': key },
    signal,
  );
  switch (status) {
    case 200:
      return ok('peers', `${peer.origin} answers and takes our purges`);
    case 401:
      return fail(
        'peers',
        `${peer.origin} does not take our key (401)`,
        'correct the key in PEER_PROXIES: http://:ADMIN_API_KEY@host',
      );
    case 403:
      return fail(
        'peers',
        `${peer.origin} takes management from its own machine only (403)`,
        'set ADMIN_API_KEY there, and put it into PEER_PROXIES here',
      );
    default:
      return warn(
        'peers',
        `${peer.origin} answers /cache/info with ${status}`,
        'see whether management is on another port (ADMIN_PORT) there: PEER_PROXIES needs that one',
      );
  }
}

async function parentFinding(
  parent: Endpoint,
  { upstream }: Pick<Config, 'upstream'>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding> {
  const away = await unusable('parent', 'parent', 'PARENT_PROXY', parent, clock);
  if (away !== undefined) return away;
  if (!upstream.groups.some(({ name }) => name === 'api')) return ok('parent', `${parent.origin} answers`);
  const key = keyOf(parent);
  const own = key === undefined ? upstream.credentials[0] : ({ kind: 'v3', value: key } as const);
  const { target, headers } = withKey(PROBE, own);
  const fields = headers.length === 0 ? {} : { authorization: headers[1]! };
  const status = await statusOf(`${parent.origin}${target}`, fields, signal);
  if (status === 200) return ok('parent', `${parent.origin} answers for TMDB`);
  if (status === 401)
    return fail(
      'parent',
      `${parent.origin} does not take our key (401)`,
      key === undefined
        ? 'put a key of it into PARENT_PROXY: http://:KEY@host'
        : 'correct the key in PARENT_PROXY',
    );
  return warn('parent', `${parent.origin} answers ${PROBE} with ${status}`, 'run check there');
}

/** Set when it is not there, or something else. */
async function unusable(
  part: string,
  kind: 'peer' | 'parent',
  variable: string,
  endpoint: Endpoint,
  clock: Clock,
): Promise<Finding | undefined> {
  const row = await askPeer(endpoint, kind, clock.now);
  if (row.status === 'down')
    return fail(
      part,
      `${row.url} does not answer (${row.detail ?? 'unknown'})`,
      `check ${variable}, and that it runs`,
    );
  if (!row.same_program)
    return fail(part, `${row.url} answers, but is not this program`, `correct the address in ${variable}`);
  return undefined;
}

function keyOf({ username, password }: Endpoint): string | undefined {
  const key = password ?? username;
  return key === '' ? undefined : key;
}

async function statusOf(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
): Promise<number | string> {
  try {
    const answer = await fetch(url, {
      headers,
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]),
    });
    await answer.body?.cancel();
    return answer.status;
  } catch (thrown) {
    return reasonOf(thrown);
  }
}
