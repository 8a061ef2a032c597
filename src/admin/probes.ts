import { DEFAULT_CSP, SECURITY_FIELDS } from './security-headers.js';

/** A complete answer; fields as name, value, name, value. */
export interface Probe {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
}

const ALIVE = probe(200, 'alive');
const READY = probe(200, 'ready');
const NOT_READY = probe(503, 'not_ready');

/**
 * What GET of `/livez` and `/readyz` answers; undefined for any other path. Load balancers ask it of idle processes every
 * second: the app (some 30 MB of schemas, router and fetch) is not loaded for it. Byte for byte what the app says.
 */
export function probeOf(path: string, ready: () => boolean): Probe | undefined {
  if (path === '/livez') return ALIVE;
  if (path === '/readyz') return ready() ? READY : NOT_READY;
  return undefined;
}

function probe(status: number, text: string): Probe {
  const body = JSON.stringify({ status: text });
  const fields = {
    ...SECURITY_FIELDS,
    'content-security-policy': DEFAULT_CSP,
    'content-type': 'application/json',
  };
  // fetch's Headers, which the app's answers pass through, sort.
  const headers = Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1));
  return { status, headers: [...headers.flat(), 'content-length', String(body.length)], body };
}
