import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canonicalPath, MANAGEMENT_PATHS } from '../../../src/admin/paths.js';
import { type SampleOrigin, startSampleOrigin } from '../../../src/demo/index.js';
import { PATIENCE_MS } from '../../support/patience.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { freePort } from '../../support/redis-server.js';
import { Soak } from '../../support/soak.js';
import { adminApp, FakeManagement, NOW } from '../../unit/admin/fakes.js';
import {
  ARRANGEMENTS,
  type Arrangement,
  type Asked,
  type Listener,
  promised,
  REQUESTS,
  verdictOf,
} from './promises.js';
import {
  ADMIN_KEY,
  credentialsFor,
  HAS_IPV6,
  IPV6_ORIGINS,
  ORIGINS,
  type Origin,
  PROXY_KEY,
  statusOf,
  tokensAt,
} from './states.js';

const soak = new Soak('matrix');
/** REQUEST_TIMEOUT, ms. */
const TIMEOUT_MS = 5000;

afterAll(() => soak.end());

describe('the management app of each listener', () => {
  const PORT = 6635;
  /** Under `npm test` one of so many methods that a path does not have, for each credential; another with each run. */
  const UNLISTED_OF = 16;
  const isListed = (method: string, path: string) =>
    method === 'PURGE' || MANAGEMENT_PATHS.get(path)?.methods.some((listed) => listed === method) === true;
  const appFor = (listener: Listener, { keyed, apart }: Arrangement, { address, fields }: Origin) =>
    adminApp(new FakeManagement(), {
      from: {
        loopback: address.startsWith('127.'),
        forwarded: Object.keys(fields).some((name) => /forwarded/i.test(name)),
        address,
      },
      surface: !apart ? 'all' : listener === 'PORT' ? 'public' : 'admin',
      metricsElsewhere: apart,
      ...(keyed && { apiKey: ADMIN_KEY }),
    });

  it.each(ARRANGEMENTS.filter(({ trusting }) => !trusting))(
    '$name: every path × every credential, from here and from elsewhere',
    async (arrangement) => {
      let turn = soak.seed;
      const isDue = ({ method, path }: Asked) =>
        soak.long || isListed(method, path) || turn++ % UNLISTED_OF === 0;
      const credentials = credentialsFor(PORT, await tokensAt(NOW));
      const wrong: string[] = [];
      for (const listener of arrangement.apart ? (['PORT', 'ADMIN_PORT'] as const) : (['PORT'] as const))
        for (const from of [ORIGINS[0]!, ORIGINS.at(-1)!]) {
          const app = appFor(listener, arrangement, from);
          for (const credential of credentials)
            for (const asked of REQUESTS.filter(({ path }) => canonicalPath(path) === path).filter(isDue)) {
              const headers = { ...from.fields, ...credential.fields };
              const url = `http://localhost:${PORT}${asked.path}?${credential.query ?? ''}`;
              const { status } = await app.request(url, { method: asked.method, headers });
              const wanted = promised(arrangement, listener, asked, credential, from);
              if (verdictOf(status) !== wanted)
                wrong.push(
                  `${asked.method} ${asked.path} on ${listener}, ${credential.name}, ${from.name}: ${status}, not ${wanted}`,
                );
            }
        }
      expect(wrong).toEqual([]);
    },
  );
});

describe('the listeners of a running proxy', () => {
  /** A round asks one of so many combinations; as many rounds ask all of them. */
  const PARTS = 1000;
  const tokens = tokensAt(Date.now());
  const running: { arrangement: Arrangement; proxy: ProxyProcess; ports: Map<Listener, number> }[] = [];
  let origin: SampleOrigin;

  beforeAll(async () => {
    origin = await startSampleOrigin();
    await Promise.all(ARRANGEMENTS.map(start));
  });
  afterAll(async () => {
    await Promise.all(running.map(({ proxy }) => proxy.stop()));
    await origin.close();
  });

  async function start(arrangement: Arrangement): Promise<void> {
    const ports = new Map<Listener, number>();
    const env: Record<string, string> = {
      HOST: '0.0.0.0',
      ...(arrangement.trusting && { TRUST_PROXY: 'true', ...(HAS_IPV6 && { HOST: '::' }) }),
      WORKERS: '1',
      REQUEST_TIMEOUT: String(TIMEOUT_MS / 1000),
      PROXY_KEYS: `alice=${PROXY_KEY}`,
    };
    if (arrangement.keyed) env.ADMIN_API_KEY = ADMIN_KEY;
    if (arrangement.apart)
      for (const name of ['ADMIN_PORT', 'METRICS_PORT'] as const) {
        ports.set(name, await freePort());
        env[name] = String(ports.get(name));
      }
    const proxy = await startProxy({ quiet: true, env: pointedAt(origin.url, env) });
    ports.set('PORT', Number(new URL(proxy.url).port));
    running.push({ arrangement, proxy, ports });
  }

  it(
    'each path is open to whom it is for, and to nobody else',
    async () => {
      await soak.rounds(1, 0.6, async (round) => {
        for (const { arrangement, ports } of running)
          for (const [listener, port] of ports) await askOf(arrangement, listener, port, round + soak.seed);
      });
      expect(soak.complaints).toEqual([]);
      expect(soak.longestStallMs).toBeLessThan(TIMEOUT_MS + PATIENCE_MS);
    },
    soak.timeout(0.6),
  );

  async function askOf(
    arrangement: Arrangement,
    listener: Listener,
    port: number,
    part: number,
  ): Promise<void> {
    const credentials = credentialsFor(port, await tokens);
    const origins = arrangement.trusting ? [...ORIGINS, ...IPV6_ORIGINS] : ORIGINS;
    // Who has been let in before is not held up by the wrong keys of others behind the same address.
    const [, right] = credentials;
    for (const address of new Set(origins.map((from) => from.address)))
      await statusOf({ address, port }, 'GET', '/config', right!.fields!);
    const combinations = credentials.flatMap((credential) =>
      origins.flatMap((from) => REQUESTS.map((asked) => ({ credential, from, asked }))),
    );
    // A listener of one path opens nothing else, to nobody: with the right key each is tried.
    const isForMetrics = ({ credential, from, asked }: (typeof combinations)[number]) =>
      listener === 'METRICS_PORT' && credential === right && from === origins[0] && asked.method === 'GET';
    const due = combinations.filter((one, i) => i % PARTS === part % PARTS || isForMetrics(one));
    await Promise.all(
      due.map(async ({ credential, from, asked }) => {
        const headers = { ...from.fields, ...credential.fields };
        const target = credential.query === undefined ? asked.path : `${asked.path}?${credential.query}`;
        const status = await soak.timed(() =>
          statusOf({ address: from.address, port }, asked.method, target, headers),
        );
        soak.input(`who may what on ${listener}`);
        const wanted = promised(arrangement, listener, asked, credential, from);
        if (verdictOf(status) === wanted) return;
        soak.mistake(
          `${asked.method} ${asked.path} on ${listener}, ${credential.name}, ${from.name}: ${status}, not ${wanted}`,
        );
      }),
    );
  }
});
