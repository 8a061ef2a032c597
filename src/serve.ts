import { hostname } from 'node:os';
import type { Context } from 'hono';
import type { Surface } from './admin/app.js';
import { type Authorize, createAuth } from './admin/auth.js';
import type { Brake } from './admin/brake.js';
import { systemClock } from './clock.js';
import { loopId } from './cluster/parent.js';
import type { NodeSide } from './cluster/remote-management.js';
import { sharedReads } from './cluster/shared-reads.js';
import { memoryShares, type Serving } from './compose.js';
import type { Config } from './config/config.js';
import type { LiveConfig } from './config/live.js';
import { managementApp } from './management-app.js';
import { doorWarnings } from './observe/door-warnings.js';
import { HitLog } from './observe/hit-log.js';
import type { Logger } from './observe/log.js';
import { accessLog } from './server/access-log.js';
import { App, type Territory } from './server/app.js';
import { configurationRewriter } from './server/configuration-rewrite.js';
import type { DoorBounds } from './server/connection-limit.js';
import { Draining } from './server/draining.js';
import { FastPath } from './server/fast-path.js';
import { lendsSockets } from './server/fast-path-probe.js';
import { forwardedBase } from './server/forwarded.js';
import { Listener } from './server/listener.js';
import type { Observer } from './server/observer.js';
import { MOST_BESIDE, Outgoing } from './server/outgoing.js';
import { createClientAddress, peerOf, trustFunction } from './server/peer.js';
import { PreparedResponses } from './server/prepared.js';
import type { ServerSettings } from './server/settings.js';
import { everyPath, tmdbPaths } from './territories.js';
import { VERSION } from './version.js';

/** Where a node answers, as URLs a person can open. */
export interface Addresses {
  readonly main: string;
  readonly admin?: string;
  readonly metrics?: string;
}

export interface Listening {
  readonly addresses: Addresses;
  drain(): Promise<void>;
}

/** From listening until what only management needs is loaded, ms. */
const PRELOAD_MS = 1000;

export interface ListenOptions {
  /** As it is at the start, for what stays so. */
  readonly config: Config;
  readonly live: LiveConfig;
  readonly serving: Serving;
  readonly management: NodeSide;
  /** On wrong admin keys. */
  readonly brake: Brake;
  readonly log: Logger;
}

/** Opens the ports of one process. Rejects with a message that names the variable when one can't be had. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { config, live, serving, log } = options;
  const { server } = config;
  const draining = new Draining({
    clock: systemClock,
    delayMs: server.shutdownDelayMs,
    timeoutMs: server.shutdownTimeoutMs,
  });
  const hitLog = new HitLog(systemClock, live.config.server.logHits, () => log.hasRoom?.() ?? true);
  live.onChange((next) => hitLog.limit(next.server.logHits));
  const access = accessLog({ ...serving.sides, counters: serving.counters }, log, hitLog);
  const settings = settingsOf(options, draining, access);
  const { main, admin, metrics } = doorsOf(config);
  const open = opener(options, draining, settings);
  return {
    addresses: {
      main: await open(main),
      ...(admin !== undefined && { admin: await open(admin) }),
      ...(metrics !== undefined && { metrics: await open(metrics) }),
    },
    drain: async () => {
      await draining.drain();
      access.end();
      await serving.close();
    },
  };
}

function settingsOf(
  { config, live, serving }: ListenOptions,
  draining: Draining,
  observer: Observer,
): ServerSettings {
  const { server, upstream, cluster } = config;
  return {
    site: serving.site,
    clock: systemClock,
    serverId: server.serverId,
    version: VERSION,
    cors: upstream.type !== 'custom',
    get maxEntryBytes() {
      return live.config.cache.maxEntryBytes;
    },
    identityBytes: copiesOf(live.config),
    loopId: cluster.parent === undefined ? undefined : loopId(server.serverId),
    isReady: draining.isReady,
    clientAddress: createClientAddress(server.trustProxy),
    observer,
    outgoing: new Outgoing({
      clock: systemClock,
      mostBytes: () => mostOutgoing(live.config),
      onCut: () => serving.counters.doors.refuse('outgoing'),
    }),
    gate: serving.sides.tenants?.gate,
    rewriter:
      upstream.type === 'tmdb'
        ? configurationRewriter({ publicUrl: server.publicUrl, trust: server.trustProxy })
        : undefined,
  };
}

/** What memory may hold is sent from there: it counts, but takes no more. */
function mostOutgoing({ cache }: Config): number {
  return cache.memoryBytesPerWorker + MOST_BESIDE * cache.maxEntryBytes;
}

function copiesOf({ cache }: Config): number {
  return memoryShares(cache.memoryBytesPerWorker).copies;
}

/** One port and what it is for. */
interface Door {
  /** Names the port when it can't be had. */
  readonly variable: 'PORT' | 'ADMIN_PORT' | 'METRICS_PORT';
  readonly port: number;
  readonly surface: Surface;
  readonly metricsElsewhere: boolean;
  readonly territory: Territory;
  readonly proxies: boolean;
}

function doorsOf({ server, upstream }: Config): { main: Door; admin?: Door; metrics?: Door } {
  const { adminPort, metricsPort } = server;
  const metricsElsewhere = metricsPort !== undefined;
  const territory = upstream.type === 'custom' ? everyPath : tmdbPaths;
  const managing = { ...territory, proxied: () => false };
  const measuring = { ...managing, owns: (path: string) => path === '/metrics' };
  const main: Door = {
    variable: 'PORT',
    port: server.port,
    surface: adminPort === undefined ? 'all' : 'public',
    metricsElsewhere,
    territory,
    proxies: true,
  };
  const behind = { ...main, proxies: false };
  return {
    main,
    ...(adminPort !== undefined && {
      admin: { ...behind, variable: 'ADMIN_PORT', port: adminPort, surface: 'all', territory: managing },
    }),
    ...(metricsPort !== undefined && {
      metrics: {
        ...behind,
        variable: 'METRICS_PORT',
        port: metricsPort,
        surface: 'public',
        metricsElsewhere: false,
        territory: measuring,
      },
    }),
  };
}

/** Opens doors and says where they are. All of a process share their settings. */
function opener(
  { config, live, serving, management, brake, log }: ListenOptions,
  draining: Draining,
  settings: ServerSettings,
): (door: Door) => Promise<string> {
  const { server } = config;
  const trusted = trustFunction(server.trustProxy);
  const managing = {
    management: sharedReads(management),
    auth: authOf(live, brake),
    apiKey: () => live.config.admin.apiKey,
    base: (c: Context) => forwardedBase(c.env.incoming, trusted),
    peer: (c: Context) => peerOf(c.env.incoming, settings.clientAddress),
    ready: draining.isReady,
    version: VERSION,
    clock: systemClock,
    onFault: (fault: unknown, path: string) => log.error({ err: fault, path }, 'management call failed'),
  };
  const own = {
    names: new Set([hostname().toLowerCase()]),
    publicAuthority: server.publicUrl === undefined ? undefined : new URL(server.publicUrl).host,
  };
  const isFast = server.fastPath ? probed(log) : false;
  serving.counters.doors.onRefused = doorWarnings(log, systemClock);
  return async ({ variable, port, surface, metricsElsewhere, territory, proxies }) => {
    const app = new App({
      settings,
      engine: proxies ? serving.engine : undefined,
      management: managementApp({ ...managing, surface, metricsElsewhere }),
      territory,
      own,
      doors: serving.counters.doors,
    });
    live.onChange((next) => app.delivery.identities.resize(copiesOf(next)));
    const path = proxies && (await isFast) ? fastPath(app, serving, live) : undefined;
    const listener = new Listener(app, path, {
      bounds: () => doorBounds(live),
      isProxy: (address) => trusted(address, 0),
      counts: serving.counters.doors,
    });
    draining.add(listener);
    try {
      const address = await listener.listen(port, server.host);
      preload(app, log);
      return `http://${shownHost(server.host)}:${address.port}`;
    } catch (error) {
      throw new Error(explain(error, variable, port));
    }
  };
}

function doorBounds({ config: { server } }: LiveConfig): DoorBounds {
  return {
    connections: server.maxConnections,
    perClient: server.maxConnectionsPerClient,
    requests: server.maxRequests,
  };
}

/** Who may manage, by the key of now. */
function authOf(live: LiveConfig, brake: Brake): Authorize {
  let { apiKey } = live.config.admin;
  let auth = createAuth({ apiKey, brake });
  live.onChange(({ admin }) => {
    if (admin.apiKey === apiKey) return;
    apiKey = admin.apiKey;
    brake.clear();
    auth = createAuth({ apiKey, brake });
  });
  return (credentials, peer) => auth(credentials, peer);
}

/** Whether the fast path works with this Node; said if it does not. */
async function probed(log: Logger): Promise<boolean> {
  const works = await lendsSockets();
  if (!works)
    log.warn(
      `FAST_PATH: this Node (${process.version}) does not lend its sockets as 20 to 24 do; every request takes the ordinary path`,
    );
  return works;
}

/** A start does not wait for it. */
function preload(app: App, log: Logger): void {
  const load = () =>
    app
      .preload()
      .catch((err) => log.warn({ err }, 'management is not loaded; its first request tries again'));
  setTimeout(() => void load(), PRELOAD_MS).unref();
}

/** What is ready for the socket has as much memory as what is decoded. */
function fastPath({ settings, territory, delivery }: App, { engine }: Serving, live: LiveConfig): FastPath {
  const prepared = new PreparedResponses(settings, delivery, copiesOf(live.config));
  live.onChange((next) => prepared.resize(copiesOf(next)));
  return new FastPath({ settings, territory, lookup: engine.lookup, prepared });
}

/** What to type into a browser for a listening address. */
function shownHost(host: string | undefined): string {
  if (host === undefined || host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}

function explain(error: unknown, variable: string, port: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'EADDRINUSE')
    return `${variable}: port ${port} is in use; stop what uses it or set ${variable} to another`;
  if (code === 'EACCES') return `${variable}: no permission to listen on port ${port}; use one above 1023`;
  if (code === 'EADDRNOTAVAIL')
    return 'HOST: this machine has no such address; unset it to listen on every one';
  return `${variable}: can't listen on port ${port}: ${error instanceof Error ? error.message : String(error)}`;
}
