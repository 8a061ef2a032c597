import { canonicalPath, MANAGEMENT_PATHS } from '../../../src/admin/paths.js';
import type { Credential, Origin } from './states.js';

export type Listener = 'PORT' | 'ADMIN_PORT' | 'METRICS_PORT';

/** One way to set a proxy up. */
export interface Arrangement {
  readonly name: string;
  /** `ADMIN_API_KEY` is set. */
  readonly keyed: boolean;
  /** `ADMIN_PORT` and `METRICS_PORT` are set. */
  readonly apart: boolean;
}

export const ARRANGEMENTS: readonly Arrangement[] = [
  { name: 'an admin key, one listener', keyed: true, apart: false },
  { name: 'no admin key, one listener', keyed: false, apart: false },
  { name: 'an admin key, three listeners', keyed: true, apart: true },
  { name: 'no admin key, three listeners', keyed: false, apart: true },
];

export interface Asked {
  readonly method: string;
  readonly path: string;
}

/** Every line of the table of paths under each of its names and methods, and `PURGE`, which is management on every path. */
export const REQUESTS: readonly Asked[] = [
  ...[...MANAGEMENT_PATHS].flatMap(([path, { methods, aliased }]) =>
    [path, ...(aliased ? [`/api${path}`, `/mapi${path}`] : [])].flatMap((each) =>
      methods.map((method) => ({ method, path: each })),
    ),
  ),
  ...['/3/movie/550', '/stats', '/t/p/w500/a.jpg'].map((path) => ({ method: 'PURGE', path })),
];

/** What a path may answer: itself, that a key is needed (or wrong, or tried too often), not from here, nothing here. */
export type Verdict = 'open' | 'key' | 'forbidden' | 'elsewhere';

const VERDICTS: Readonly<Record<number, Verdict>> = {
  401: 'key',
  429: 'key',
  403: 'forbidden',
  404: 'elsewhere',
};

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
  if (listener === 'METRICS_PORT') return canonical === '/metrics' && !purge ? 'open' : 'elsewhere';
  if (canonical === '/metrics' && apart && !purge) return 'elsewhere';
  if (!purge && MANAGEMENT_PATHS.get(canonical)!.access === 'everyone') return 'open';
  if (listener === 'PORT' && apart) return 'elsewhere';
  if (!keyed) return local ? 'open' : 'forbidden';
  if (opens === 'session') return canonical === '/dashboard' && !purge ? 'open' : 'key';
  return opens === 'all' ? 'open' : 'key';
}
