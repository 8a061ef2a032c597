import { allowedMethods, canonicalPath, MANAGEMENT_PATHS } from '../../../src/admin/paths.js';
import type { Credential, Origin } from './states.js';

export type Listener = 'PORT' | 'ADMIN_PORT' | 'METRICS_PORT';

/** One way to set a proxy up. */
export interface Arrangement {
  readonly name: string;
  /** `ADMIN_API_KEY` is set. */
  readonly keyed: boolean;
  /** `ADMIN_PORT` and `METRICS_PORT` are set. */
  readonly apart: boolean;
  /** It listens on IPv6 too, where IPv4 comes as mapped addresses, and believes everybody's `X-Forwarded-*` (`TRUST_PROXY=true`). */
  readonly trusting: boolean;
}

export const ARRANGEMENTS: readonly Arrangement[] = [
  { name: 'an admin key, one listener', keyed: true, apart: false, trusting: false },
  { name: 'no admin key, one listener', keyed: false, apart: false, trusting: false },
  { name: 'an admin key, three listeners', keyed: true, apart: true, trusting: false },
  { name: 'no admin key, three listeners', keyed: false, apart: true, trusting: false },
  { name: 'an admin key, one listener, IPv6, TRUST_PROXY', keyed: true, apart: false, trusting: true },
  { name: 'no admin key, three listeners, IPv6, TRUST_PROXY', keyed: false, apart: true, trusting: true },
];

export interface Asked {
  readonly method: string;
  readonly path: string;
}

/** Beside those that a path has: what is told without a key, and what nothing here is for. */
const METHODS = ['HEAD', 'OPTIONS', 'DELETE', 'PROPFIND', 'GET', 'POST'];

/**
 * Every line of the table of paths under each of its names and methods, with methods it does not have, and `PURGE`, which is management
 * on every path.
 */
export const REQUESTS: readonly Asked[] = [
  ...[...MANAGEMENT_PATHS].flatMap(([path, { methods, aliased }]) =>
    [path, ...(aliased ? [`/api${path}`, `/mapi${path}`] : [])].flatMap((each) =>
      [...new Set([...methods, ...METHODS])].map((method) => ({ method, path: each })),
    ),
  ),
  ...['/3/movie/550', '/stats', '/t/p/w500/a.jpg'].map((path) => ({ method: 'PURGE', path })),
];

/** What a path may answer: itself, that a key is needed (or wrong, or tried too often), not from here, nothing here, not with this method. */
export type Verdict = 'open' | 'key' | 'forbidden' | 'elsewhere' | 'method';

const VERDICTS: Readonly<Record<number, Verdict>> = {
  401: 'key',
  429: 'key',
  403: 'forbidden',
  404: 'elsewhere',
  405: 'method',
};

const READING: ReadonlySet<string> = new Set(['GET', 'HEAD']);

export const verdictOf = (status: number): Verdict => VERDICTS[status] ?? 'open';

/** What docs/security.md says of who may what. */
export function promised(
  { keyed, apart }: Arrangement,
  listener: Listener,
  { method, path }: Asked,
  { opens }: Credential,
  { local }: Origin,
): Verdict {
  const canonical = canonicalPath(path);
  const purge = method === 'PURGE';
  const granted =
    purge || allowedMethods(MANAGEMENT_PATHS.get(canonical)!).includes(method) ? 'open' : 'method';
  if (listener === 'METRICS_PORT') return canonical === '/metrics' && !purge ? granted : 'elsewhere';
  if (canonical === '/metrics' && apart && !purge) return 'elsewhere';
  if (!purge && MANAGEMENT_PATHS.get(canonical)!.access === 'everyone') return granted;
  if (listener === 'PORT' && apart) return 'elsewhere';
  if (method === 'OPTIONS') return granted;
  if (!keyed) return local ? granted : 'forbidden';
  if (opens === 'session') return canonical === '/dashboard' && READING.has(method) ? 'open' : 'key';
  return opens === 'all' ? granted : 'key';
}
