import type * as Undici from 'undici';
import type { PeerResult } from '../admin/answers/cache.js';
import type { PeerRow } from '../admin/answers/cluster.js';
import { CASCADE_HEADER, PURGE_ID_HEADER } from '../admin/cascade.js';
import type { Endpoint } from '../config/config.js';
import { plural } from '../figures.js';
import type { Delivery, PeerItem, PeerStatus } from './peer-line.js';
import { callOf } from './peer-message.js';

/** A peer that is down costs an operator's call this much and no more, ms. */
const PEER_DEADLINE_MS = 5000;

/** undici with its index, for those who have peers. */
async function request(...args: Parameters<typeof Undici.request>) {
  return (await import('undici')).request(...args);
}

/** Tells a peer of one purge, with the key in the peer's own URL and never with ours. Never rejects. */
export async function deliver(
  peer: Endpoint,
  item: PeerItem,
  serverId: string,
  signal: AbortSignal,
): Promise<Delivery> {
  const { path, body } = callOf(item.message);
  try {
    const response = await request(`${peer.origin}${path}`, {
      method: 'POST',
      headers: {
        [CASCADE_HEADER]: serverId,
        [PURGE_ID_HEADER]: item.id,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...credentials(peer),
      },
      body: body ?? null,
      signal,
    });
    await response.body.dump();
    const status = response.statusCode;
    if (status >= 200 && status < 300) return { kind: 'done' };
    // Redirects included: who answers elsewhere is not the peer that was configured.
    const final = status < 500 && status !== 408 && status !== 429;
    return { kind: final ? 'refused' : 'failed', reason: `answered ${status}` };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  }
}

/** What `/upstream` says of a peer's queue, in a few words. */
export function queueDetail({ queued, lastError, lastErrorAt, lastSuccessAt }: PeerStatus): string {
  const at = (ms: number | null) => (ms === null ? 'never' : new Date(ms).toISOString());
  const waiting = `${plural(queued, 'purge waits', 'purges wait')}`;
  const error = lastError === null ? '' : `; last error ${at(lastErrorAt)}: ${lastError}`;
  return `${waiting}; last delivered ${at(lastSuccessAt)}${error}`;
}

/** Repeats a management call at every configured peer, authenticated with the key in the peer's own URL. */
export function cascade(peers: readonly Endpoint[], path: string, serverId: string): Promise<PeerResult[]> {
  return Promise.all(
    peers.map(async (peer): Promise<PeerResult> => {
      try {
        const response = await request(`${peer.origin}${path}`, {
          method: 'POST',
          headers: { [CASCADE_HEADER]: serverId, ...credentials(peer) },
          signal: AbortSignal.timeout(PEER_DEADLINE_MS),
        });
        await response.body.dump();
        const ok = response.statusCode >= 200 && response.statusCode < 300;
        const detail = ok ? 'cleared' : `answered ${response.statusCode}; check the key in PEER_PROXIES`;
        return { peer: peer.origin, ok, status: response.statusCode, detail };
      } catch (error) {
        return { peer: peer.origin, ok: false, status: null, detail: reasonOf(error) };
      }
    }),
  );
}

/** What a peer or parent says of itself at `/status`. */
export async function askPeer(peer: Endpoint, kind: PeerRow['kind'], now: () => number): Promise<PeerRow> {
  const began = now();
  const row: PeerRow = {
    url: peer.origin,
    kind,
    status: 'down',
    same_program: false,
    version: null,
    server_id: null,
    region: null,
    latency_ms: null,
    detail: null,
  };
  try {
    const response = await request(`${peer.origin}/status`, {
      signal: AbortSignal.timeout(PEER_DEADLINE_MS),
    });
    const body: unknown = JSON.parse((await response.body.text()).slice(0, 10_000));
    const said = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
    const text = (name: string) => (typeof said[name] === 'string' ? said[name] : null);
    return {
      ...row,
      status: response.statusCode === 200 ? 'healthy' : 'degraded',
      same_program: text('server_id') !== null && text('version') !== null,
      version: text('version'),
      server_id: text('server_id'),
      region: text('region'),
      latency_ms: now() - began,
    };
  } catch (error) {
    return { ...row, detail: reasonOf(error) };
  }
}

function credentials(peer: Endpoint): Record<string, string> {
  const key = peer.password ?? peer.username;
  return key === undefined || key === '' ? {} : { 'x-api-key': key };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'failed';
  if (error.name === 'TimeoutError') return `no answer within ${PEER_DEADLINE_MS} ms`;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
