import { request } from 'undici';
import type { PeerResult } from '../admin/answers/cache.js';
import type { PeerRow } from '../admin/answers/cluster.js';
import type { Endpoint } from '../config/config.js';

/** A peer that is down costs an operator's call this much and no more, ms. */
const PEER_DEADLINE_MS = 5000;

/** Tells a peer that the call came from a peer, so that nothing circles. */
export const CASCADE_HEADER = 'x-tmdb-proxy-cascade';

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
