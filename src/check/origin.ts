import type { Clock } from '../clock.js';
import type { Config, TmdbCredential, UpstreamName } from '../config/config.js';
import { ProxyError } from '../errors.js';
import { parseHttpDate } from '../http/dates.js';
import { field } from '../http/headers.js';
import type { OriginResponse } from '../origin/source.js';
import { type Asker, jsonOf, textOf } from './ask.js';
import { clockFindings } from './clock-skew.js';
import { type Finding, fail, ok, type Part, warn } from './finding.js';
import { keyFindings, PROBE, withKey } from './keys.js';

/** No file has this name. */
const MISSING_IMAGE = '/t/p/w92/this-file-does-not-exist.jpg';

/** Servers of the API, each of our keys, the clock, the image host. Those behind a parent are asked themselves. */
export function originParts(
  config: Pick<Config, 'upstream' | 'cluster' | 'cache' | 'clients'>,
  asker: Asker,
  clock: Clock,
): Part[] {
  const { upstream, cache } = config;
  if (cache.offline) {
    const found = 'OFFLINE=true: nobody is asked';
    return [{ name: 'origin', look: async () => [ok('origin', found)] }];
  }
  const first = upstream.credentials[0];
  const asked = new Map<UpstreamName, Promise<Said[]>>();
  const askAll = (group: UpstreamName, signal: AbortSignal): Promise<Said[]> => {
    const known = asked.get(group);
    if (known !== undefined) return known;
    const ask = group === 'image' ? askImages : group === 'api' ? askApi : askAnything;
    const all = Promise.all(
      serversOf(config, group).map((server) => ask(asker, server, first, clock, signal)),
    );
    asked.set(group, all);
    return all;
  };
  const groups = upstream.groups.map(({ name }) => name);
  return [
    ...groups.map(
      (name): Part => ({
        name: partOf(name),
        look: async (signal) => (await askAll(name, signal)).map(({ finding }) => finding),
      }),
    ),
    ...(groups.includes('api')
      ? [
          {
            name: 'keys',
            look: async (signal: AbortSignal) =>
              keyFindings(config, asker, answering(await askAll('api', signal)), signal),
          },
        ]
      : []),
    {
      name: 'clock',
      look: async (signal) => {
        const all = await Promise.all(groups.map((name) => askAll(name, signal)));
        return [clockFindings(all.flat().flatMap(({ skewMs }) => (skewMs === undefined ? [] : [skewMs])))];
      },
    },
  ];
}

function partOf(group: UpstreamName): string {
  return group === 'image' ? 'images' : 'origin';
}

/** The parent is tried by itself. */
function serversOf(
  { upstream, cluster }: Pick<Config, 'upstream' | 'cluster'>,
  name: UpstreamName,
): string[] {
  const servers = upstream.groups.find((group) => group.name === name)?.servers ?? [];
  return servers.map(({ origin }) => origin).filter((origin) => origin !== cluster.parent?.origin);
}

function answering(said: readonly Said[]): string | undefined {
  return said.find(({ server }) => server !== undefined)?.server;
}

/** What a server has said, or why it has not. */
interface Said {
  readonly finding: Finding;
  /** Set when it answers as TMDB does. */
  readonly server?: string;
  /** Its clock minus ours, ms. */
  readonly skewMs?: number;
}

type Ask = (
  asker: Asker,
  server: string,
  key: TmdbCredential | undefined,
  clock: Clock,
  signal: AbortSignal,
) => Promise<Said>;

const askApi: Ask = (asker, server, key, clock, signal) =>
  said('origin', server, clock, 'TMDB_API_URLS', async () => {
    const response = await asker.ask(server, withKey(PROBE, key), signal);
    const text = await textOf(response.body);
    const { status } = response;
    if (status === 429)
      return { response, finding: warn('origin', `${server} asks us to wait (429)`, 'lower UPSTREAM_RATE') };
    if (status >= 500)
      return { response, finding: fail('origin', `${server} answers ${status}`, 'try again later') };
    if (!speaksTmdb(status, text))
      return {
        response,
        finding: fail(
          'origin',
          `${server} answers ${status}, but not as TMDB does`,
          'correct TMDB_API_URLS, or what stands between (a login page, a block page)',
        ),
      };
    return { response, finding: ok('origin', `${server} answers`), server };
  });

/** The configuration, or the envelope that refuses our key: `keys` tells of that. */
function speaksTmdb(status: number, text: string): boolean {
  const told = jsonOf(text);
  if (typeof told !== 'object' || told === null) return false;
  if (status === 401) return 'status_code' in told && typeof told.status_code === 'number';
  return status === 200 && 'images' in told && typeof told.images === 'object';
}

const askImages: Ask = (asker, server, _key, clock, signal) =>
  said('images', server, clock, 'TMDB_IMAGE_URLS', async () => {
    const response = await asker.ask(server, { target: MISSING_IMAGE }, signal);
    response.body.cancel();
    const { status } = response;
    if (status >= 500)
      return { response, finding: fail('images', `${server} answers ${status}`, 'try again later') };
    if (status === 429)
      return { response, finding: warn('images', `${server} asks us to wait (429)`, 'try again later') };
    if (status >= 400 && status !== 401 && status !== 403)
      return { response, finding: ok('images', `${server} answers`), server };
    return {
      response,
      finding: fail(
        'images',
        `${server} answers ${status} for a file that does not exist`,
        'correct TMDB_IMAGE_URLS, or what stands between (a login page, a block page)',
      ),
    };
  });

const askAnything: Ask = (asker, server, _key, clock, signal) =>
  said('origin', server, clock, 'UPSTREAM_SERVERS', async () => {
    const response = await asker.ask(server, { target: '/' }, signal);
    response.body.cancel();
    if (response.status >= 500)
      return {
        response,
        finding: warn('origin', `${server} answers / with ${response.status}`, 'see whether it is well'),
      };
    return { response, finding: ok('origin', `${server} answers`), server };
  });

async function said(
  part: string,
  server: string,
  clock: Clock,
  variable: string,
  ask: () => Promise<{ response: OriginResponse; finding: Finding; server?: string }>,
): Promise<Said> {
  try {
    const { response, finding, server: well } = await ask();
    const date = parseHttpDate(field(response.headers, 'date') ?? '', clock.now());
    return {
      finding,
      ...(well !== undefined && { server: well }),
      ...(date !== undefined && { skewMs: date - response.responseTime }),
    };
  } catch (thrown) {
    const why = thrown instanceof ProxyError ? thrown.message : 'its answer broke off';
    const found = why.includes(server) ? why : `${server}: ${why}`;
    const advice = `check ${variable}, the network and its name server, and HTTPS_PROXY`;
    return { finding: fail(part, found, advice) };
  }
}
