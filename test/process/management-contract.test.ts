import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MANAGEMENT_PATHS } from '../../src/admin/paths.js';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { ApiContract, type ApiDocument } from '../support/api-contract.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { type GetOptions, type Got, get, json } from '../support/raw-client.js';
import { freePort, type RedisServer, startRedis } from '../support/redis-server.js';
import { type Case, EVERYWHERE, requestOf, STORED, STORED_KEY } from './management-cases.js';

const KEY = 'admin-secret';
const ALIASES = ['/api', '/mapi'];

/** Documented answers that no running node gives, and why; whoever makes one possible takes its line away. */
const NEVER: Readonly<Record<string, string>> = {
  'GET /health 503': 'the process that would answer is the last one that serves; test/unit/admin has it',
};

/** Paths that are no part of the interface for programs, and why. */
const NOT_DESCRIBED: Readonly<Record<string, string>> = {};

let origin: SampleOrigin;
let redis: RedisServer;
beforeAll(async () => {
  origin = await startSampleOrigin({});
  redis = await startRedis();
});
afterAll(async () => {
  await origin.close();
  await redis.stop();
});

interface Node {
  readonly proxy: ProxyProcess;
  readonly contract: ApiContract;
}

/** `GET /path 200` of every answer that was as documented. */
const produced = new Set<string>();

/** Asks, compares with the document, and gives the answer back for more. */
async function compared(
  { proxy, contract }: Node,
  operation: string,
  path: string,
  options: GetOptions,
  status: number,
): Promise<Got> {
  const got = await get(proxy.url + path, options);
  expect([got.status, ...contract.faultsOf(operation, got)], got.body.toString().slice(0, 300)).toEqual([
    status,
  ]);
  produced.add(`${operation} ${status}`);
  return got;
}

async function started(env: Record<string, string>): Promise<Node> {
  const proxy = await startProxy({ quiet: true, env: pointedAt(origin.url, env) });
  const document = json(await get(`${proxy.url}/openapi.json`)) as unknown as ApiDocument;
  return { proxy, contract: new ApiContract(document) };
}

/** The status of a problem that is as documented. */
function problemIn({ contract }: Node, got: Got): number {
  expect(got.headers['content-type']).toBe('application/problem+json');
  expect(contract.faultsAt(['components', 'schemas', 'Problem'], json(got))).toEqual([]);
  expect(json(got)).toMatchObject({ status: got.status });
  return got.status;
}

interface Mode {
  readonly name: string;
  readonly key?: string;
  /** What a client of the proxied API adds to its query. */
  readonly client?: string;
  readonly redisAsL2?: true;
  readonly env: () => Record<string, string>;
}

const MODES: readonly Mode[] = [
  {
    name: 'one process without a key',
    env: () => ({ WORKERS: '1' }),
  },
  {
    name: 'two workers with a key, the change feed and keys for clients',
    key: KEY,
    client: '&api_key=client-key-of-mine',
    env: () => ({
      ...{ WORKERS: '2', CHANGE_FEED: 'true' },
      PROXY_KEYS: 'kitchen=client-key-of-mine;rate=500;quota=10000;expires=2099-01-01',
    }),
  },
  {
    name: 'two workers with a key and Redis',
    key: KEY,
    redisAsL2: true,
    env: () => ({ WORKERS: '2', USE_REDIS: 'auto', REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
  },
];

describe.each(MODES)('$name', ({ key, client = '', redisAsL2 = false, env }) => {
  let node: Node;
  const credentials: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
  beforeAll(async () => {
    node = await started({ ...env(), ...(key !== undefined && { ADMIN_API_KEY: key }) });
  });
  afterAll(() => node.proxy.stop());

  /** Sends a case and compares the answer. */
  const asked = (one: Case, prefix = '') => {
    const { path, options } = requestOf(one);
    const headers = { ...options.headers, ...credentials };
    return compared(node, one.operation, prefix + path, { ...options, headers }, one.status);
  };
  const plain = (operation: string, status = 200, search = '') =>
    asked({ operation, name: '', status, search });
  /** Has the title stored that some cases ask for. */
  const stored = async () => {
    await get(node.proxy.url + STORED + client);
    const entry = `${node.proxy.url}/cache/entry?key=${encodeURIComponent(STORED_KEY)}`;
    await expect.poll(async () => (await get(entry, { headers: credentials })).status).toBe(200);
  };
  const admin = () => [...node.contract.operations()].filter(([, { security }]) => security !== undefined);

  it('has a title to tell of', stored);

  it.each(EVERYWHERE)('$operation: $name: $status', async (one) => {
    await asked(one);
  });

  it('answers the same under the names of older installations', async () => {
    for (const prefix of ALIASES) {
      await stored();
      for (const one of EVERYWHERE)
        if (MANAGEMENT_PATHS.get(one.operation.split(' ')[1]!)!.aliased) await asked(one, prefix);
        else expect(problemIn(node, await get(`${node.proxy.url}${prefix}${requestOf(one).path}`))).toBe(404);
    }
  });

  it('HEAD is as GET without a body, OPTIONS and any other method name what there is', async () => {
    for (const [path, { methods }] of MANAGEMENT_PATHS) {
      const url = node.proxy.url + path;
      const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
      const options = await get(url, { method: 'OPTIONS', headers: credentials });
      expect([options.status, options.headers.allow], path).toEqual([204, allow]);
      const refused = await get(url, { method: 'DELETE', headers: credentials });
      expect([problemIn(node, refused), refused.headers.allow], path).toEqual([405, allow]);
      if (!methods.includes('GET')) continue;
      const [head, full] = await Promise.all(
        ['HEAD', 'GET'].map((method) => get(url, { method, headers: credentials })),
      );
      expect([head!.status, head!.headers['content-type'], head!.body.length], path).toEqual([
        full!.status,
        full!.headers['content-type'],
        0,
      ]);
    }
  });

  it('PURGE of a path answers as POST /cache/purge does', async () => {
    const options = { method: 'PURGE', headers: credentials };
    await compared(node, 'POST /cache/purge', '/3/movie/8?language=de', options, 200);
  });

  it('what is no path of ours, or none at all, is a problem', async () => {
    for (const [path, status] of [
      ['/nothing', 404],
      ['/cache', 404],
      ['/cache%2fkeys', 400],
    ] as const)
      expect(problemIn(node, await get(node.proxy.url + path)), path).toBe(status);
  });

  it('a job that is over can not be resumed: 409', async () => {
    const begin = { method: 'POST', headers: credentials, body: JSON.stringify({ urls: ['/3/movie/9'] }) };
    const { id } = json(await compared(node, 'POST /cache/warm', '/cache/warm', begin, 202)) as {
      id: string;
    };
    const status = async () =>
      (json(await plain('GET /cache/warm', 200, `?id=${id}`)) as { jobs: { status: string }[] }).jobs[0]!
        .status;
    await expect.poll(status, { timeout: 10_000 }).toBe('done');
    await asked({ operation: 'POST /cache/warm', name: 'over', status: 409, body: { resume: id } });
  });

  it('an origin that fails shows, as documented', async () => {
    origin.faults.add({ kind: 'status', status: 500, match: '/3/movie/66' });
    await get(`${node.proxy.url}/3/movie/66?x=1${client}`);
    const { upstreams } = json(await plain('GET /upstream')) as {
      upstreams: { last_error: string | null }[];
    };
    expect(upstreams.map(({ last_error }) => last_error)).not.toEqual(upstreams.map(() => null));
    origin.faults.clear();
    await plain('GET /stats');
    await plain('GET /stats', 200, `?server=${origin.url}`);
    await plain('GET /health');
  });

  it.runIf(key === undefined)('without a key nobody from elsewhere is obeyed: 403', async () => {
    for (const [operation] of admin()) {
      const [method, path] = operation.split(' ') as [string, string];
      const headers = { 'x-forwarded-for': '192.0.2.1' };
      await compared(node, operation, path, { method, headers }, 403);
    }
  });

  it.runIf(key !== undefined)('every scheme of the document opens every path that has a lock', async () => {
    const { securitySchemes } = node.contract.document.components;
    const fields = Object.values(securitySchemes).map(
      ({ type, name, scheme }): Record<string, string> =>
        type === 'apiKey' ? { [name as string]: key! } : { authorization: `${scheme as string} ${key!}` },
    );
    expect(fields).toHaveLength(2);
    for (const [operation, { security }] of admin()) {
      expect(security).toEqual(Object.keys(securitySchemes).map((name) => ({ [name]: [] })));
      const [method, path] = operation.split(' ') as [string, string];
      for (const headers of fields)
        expect((await get(node.proxy.url + path, { method, headers })).status, operation).not.toBe(401);
    }
  });

  it.runIf(key !== undefined)('no key is a 401, too many wrong ones are a 429', async () => {
    for (const [operation] of admin()) {
      const [method, path] = operation.split(' ') as [string, string];
      await compared(node, operation, path, { method }, 401);
      const wrong = { method, headers: { authorization: 'Bearer wrong' } };
      const refused = async () => (await get(node.proxy.url + path, wrong)).status;
      // Each worker counts for itself.
      await expect.poll(refused, { interval: 1, timeout: 10_000 }).toBe(429);
      await expect
        .poll(
          () =>
            compared(node, operation, path, wrong, 429).then(
              () => 429,
              () => 401,
            ),
          { interval: 1 },
        )
        .toBe(429);
    }
  });

  it.runIf(redisAsL2)('without Redis every answer is still as documented', async () => {
    await redis.kill();
    await expect
      .poll(
        () =>
          plain('GET /health/redis', 503).then(
            () => 503,
            () => 200,
          ),
        { timeout: 20_000 },
      )
      .toBe(503);
    const purge = { tags: ['movie:1'] };
    const purged = await asked({ operation: 'POST /cache/purge', name: '', status: 200, body: purge });
    expect(json(purged)).toMatchObject({ pending: true });
    const all = node.contract.documented().filter((name) => /^GET .* 200$/.test(name));
    for (const operation of all.map((name) => name.slice(0, -4)))
      if (!['/health/redis', '/cache/entry', '/cache/search'].some((path) => operation.endsWith(path)))
        await plain(operation);
  });
});

describe('peers', () => {
  it('that are away are told of, in every answer that has to do with them', async () => {
    const node = await started({ WORKERS: '1', PEER_PROXIES: 'http://127.0.0.1:1' });
    const search = '/cache/clear?type=all&cascade=true';
    const cleared = await compared(node, 'POST /cache/clear', search, { method: 'POST' }, 200);
    expect(json(cleared).peers).toMatchObject([{ ok: false, status: null }]);
    const upstream = await compared(node, 'GET /upstream', '/upstream', {}, 200);
    expect(json(upstream).peers).toMatchObject([{ kind: 'peer', status: 'down' }]);
    await node.proxy.stop();
  });
});

describe('a configuration with mistakes', () => {
  it('is not taken, as documented', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-contract-'));
    const file = join(folder, 'key');
    writeFileSync(file, KEY);
    const node = await started({ WORKERS: '1', ADMIN_API_KEY_FILE: file });
    rmSync(folder, { recursive: true });
    await compared(
      node,
      'POST /config/reload',
      '/config/reload',
      { method: 'POST', headers: { 'x-api-key': KEY } },
      422,
    );
    await node.proxy.stop();
  });
});

describe('a node that drains', () => {
  it('says so as documented', async () => {
    const node = await started({ WORKERS: '1', SHUTDOWN_DELAY: '5' });
    const ended = node.proxy.stop();
    const answer = () => compared(node, 'GET /readyz', '/readyz', {}, 503);
    await expect
      .poll(
        () =>
          answer().then(
            () => 503,
            () => 0,
          ),
        { interval: 10 },
      )
      .toBe(503);
    expect(json(await compared(node, 'GET /status', '/status', {}, 200))).toMatchObject({
      status: 'draining',
    });
    await ended;
  });
});

describe('paths that have a port of their own', () => {
  it('are told to be elsewhere, and answer there', async () => {
    const [admin, metrics] = [await freePort(), await freePort()];
    const node = await started({
      ...{ WORKERS: '1', ADMIN_PORT: String(admin), METRICS_PORT: String(metrics) },
    });
    for (const [operation, { security }] of node.contract.operations()) {
      const [method, path] = operation.split(' ') as [string, string];
      if (security === undefined && path !== '/metrics') continue;
      await compared(node, operation, path, { method }, 404);
    }
    const elsewhere = (port: number) => ({
      ...node,
      proxy: { ...node.proxy, url: `http://127.0.0.1:${port}` },
    });
    await compared(elsewhere(admin), 'GET /config', '/config', {}, 200);
    await compared(elsewhere(metrics), 'GET /metrics', '/metrics', {}, 200);
    await node.proxy.stop();
  });
});

describe('the document', () => {
  it('has every path of the app and every method of it, and no other', async () => {
    const node = await started({ WORKERS: '1' });
    const answered = [...MANAGEMENT_PATHS].flatMap(([path, { methods }]) =>
      methods.map((method) => `${method} ${path}`),
    );
    const described = [...node.contract.operations().keys()];
    expect(described.toSorted()).toEqual(
      answered.filter((name) => NOT_DESCRIBED[name] === undefined).toSorted(),
    );
    expect(Object.keys(NOT_DESCRIBED).filter((name) => !answered.includes(name))).toEqual([]);
    const documented = node.contract.documented();
    await node.proxy.stop();
    // What `default` covers is no promise.
    const never = documented.filter((name) => !produced.has(name));
    expect(never, 'documented, and given by no node above').toEqual(Object.keys(NEVER));
  });
});
