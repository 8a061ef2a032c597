import type { Config, TmdbCredential } from '../config/config.js';
import { LACKS_OWN_KEY, lacksOwnKey, OWN_KEY_ADVICE } from '../config/own-key.js';
import { refusalIn } from '../keyring/refusal.js';
import type { Asker } from './ask.js';
import { type Finding, fail, ok, warn } from './finding.js';

/** What every key may read, and nobody's own. */
export const PROBE = '/3/configuration';

/** What TMDB says of each of our keys; `server`: one that answers. */
export async function keyFindings(
  config: Pick<Config, 'cache' | 'clients' | 'cluster' | 'upstream'>,
  asker: Asker,
  server: string | undefined,
  signal: AbortSignal,
): Promise<Finding[]> {
  const { credentials } = config.upstream;
  if (lacksOwnKey(config)) return [warn('keys', LACKS_OWN_KEY, OWN_KEY_ADVICE)];
  if (credentials.length === 0) return [ok('keys', unset(config))];
  if (server === undefined)
    return [warn('keys', 'no server of the API answers, so none was tried', 'see origin')];
  return Promise.all(
    credentials.map(async (credential, index) => {
      const name = `key ${index + 1} of TMDB_API_KEY (${credential.kind})`;
      try {
        const asked = await asker.ask(server, withKey(PROBE, credential), signal);
        const { code, response } = await refusalIn(asked);
        response.body.cancel();
        if (code !== undefined || response.status === 401)
          return fail(
            'keys',
            `${name} is refused${code === undefined ? '' : ` (code ${code})`}`,
            'replace it',
          );
        if (response.status >= 200 && response.status < 300) return ok('keys', `${name} is accepted`);
        return warn(
          'keys',
          `${name} could not be tried: ${server} answers ${response.status}`,
          'try again later',
        );
      } catch {
        return warn('keys', `${name} could not be tried: ${server} does not answer`, 'try again later');
      }
    }),
  );
}

function unset({ clients, cluster }: Pick<Config, 'clients' | 'cluster'>): string {
  const tenants = clients.proxyKeys !== undefined || clients.proxyKeysFile !== undefined;
  return tenants && cluster.parent !== undefined
    ? 'TMDB_API_KEY is unset: the parent has to have one'
    : 'TMDB_API_KEY is unset: clients send their own';
}

/** A request as TMDB wants it: a v3 key in the query, a v4 token in Authorization. */
export function withKey(
  path: string,
  key: TmdbCredential | undefined,
): { target: string; headers: readonly string[] } {
  if (key === undefined) return { target: path, headers: [] };
  if (key.kind === 'v4') return { target: path, headers: ['Authorization', `Bearer ${key.value}`] };
  return { target: `${path}?api_key=${encodeURIComponent(key.value)}`, headers: [] };
}
