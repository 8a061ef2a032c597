import { hostname } from 'node:os';
import type { Context } from 'hono';
import type { AdminAppOptions, Surface } from './admin/app.js';
import { createAuth } from './admin/auth.js';
import type { Management } from './admin/management.js';
import type { Outcome } from './cache/outcome.js';
import { systemClock } from './clock.js';
import { loopId } from './cluster/parent.js';
import { memoryShares, type Serving } from './compose.js';
import type { Config } from './config/config.js';
import { managementApp } from './management-app.js';
import { HitLog } from './observe/hit-log.js';
import type { Logger } from './observe/log.js';
import { App, type Territory } from './server/app.js';
import { configurationRewriter } from './server/configuration-rewrite.js';
import { Draining } from './server/draining.js';
import { FastPath } from './server/fast-path.js';
import { Listener } from './server/listener.js';
import type { Observer, RequestRecord } from './server/observer.js';
import { createClientAddress, peerOf } from './server/peer.js';
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

export interface ListenOptions {
  readonly config: Config;
  readonly serving: Serving;
  readonly management: Management;
  readonly log: Logger;
}

/** Opens the ports of one process. Rejects with a message that names the variable when one can't be had. */
export async function listen({ config, serving, management, log }: ListenOptions): Promise<Listening> {
  const { server, upstream, cache } = config;
  const clock = systemClock;
  const draining = new Draining({
    clock,
    delayMs: server.shutdownDelayMs,
    timeoutMs: server.shutdownTimeoutMs,
  });
  const { copies } = memoryShares(cache.memoryBytesPerWorker);
  const clientAddress = createClientAddress(server.trustProxy);
  const settings: ServerSettings = {
    site: serving.site,
    clock,
    serverId: server.serverId,
    version: VERSION,
    cors: upstream.type !== 'custom',
    maxEntryBytes: cache.maxEntryBytes,
    identityBytes: copies,
    loopId: config.cluster.parent === undefined ? undefined : loopId(server.serverId),
    isReady: draining.isReady,
    clientAddress,
    observer: observer(serving, log, new HitLog(clock, server.logHits)),
    gate: serving.sides.tenants?.gate,
    rewriter:
      upstream.type === 'tmdb'
        ? configurationRewriter({ publicUrl: server.publicUrl, trust: server.trustProxy })
        : undefined,
  };
  const admin: Omit<AdminAppOptions, 'surface'> = {
    management,
    auth: createAuth({ apiKey: config.admin.apiKey, clock }),
    peer: (c: Context) => peerOf(c.env.incoming, clientAddress),
    ready: draining.isReady,
    version: VERSION,
    clock,
    metricsElsewhere: server.metricsPort !== undefined,
    onFault: (fault, path) => log.error({ err: fault, path }, 'management call failed'),
  };
  const own = {
    names: new Set([hostname().toLowerCase()]),
    publicAuthority: server.publicUrl === undefined ? undefined : new URL(server.publicUrl).host,
  };
  const open = async (
    surface: Surface,
    port: number,
    variable: string,
    territory: Territory,
    proxies: boolean,
  ) => {
    const management = managementApp({
      ...admin,
      surface,
      ...(variable === 'METRICS_PORT' && { metricsElsewhere: false }),
    });
    const app = new App({
      settings,
      engine: proxies ? serving.engine : undefined,
      management,
      territory,
      own,
    });
    const listener = new Listener(
      app,
      proxies && server.fastPath ? fastPath(app, serving, copies) : undefined,
    );
    draining.add(listener);
    try {
      const address = await listener.listen(port, server.host);
      return `http://${shownHost(server.host)}:${address.port}`;
    } catch (error) {
      throw new Error(explain(error, variable, port));
    }
  };
  const territory = upstream.type === 'custom' ? everyPath : tmdbPaths;
  const surface = server.adminPort === undefined ? 'all' : 'public';
  const main = await open(surface, server.port, 'PORT', territory, true);
  const { adminPort, metricsPort } = server;
  const managing = { ...territory, proxied: () => false };
  const measuring = { ...managing, owns: (path: string) => path === '/metrics' };
  return {
    addresses: {
      main,
      ...(adminPort !== undefined && { admin: await open('all', adminPort, 'ADMIN_PORT', managing, false) }),
      ...(metricsPort !== undefined && {
        metrics: await open('public', metricsPort, 'METRICS_PORT', measuring, false),
      }),
    },
    drain: async () => {
      await draining.drain();
      await serving.close();
    },
  };
}

function fastPath(app: App, { engine }: Serving, bytes: number): FastPath {
  const { settings, territory, delivery } = app;
  const prepared = new PreparedResponses(settings, delivery, bytes);
  return new FastPath({ settings, territory, lookup: engine.lookup, prepared });
}

/** Every request in the counters, and in the log those worth a line, from the same record. */
function observer({ counters, sides }: Serving, log: Logger, hitLog: HitLog): Observer {
  const { warm, tenants } = sides;
  const write = ({ outcome, ...rest }: RequestRecord, hits: number) =>
    log.info(
      { ...rest, ...(outcome !== undefined && logged(outcome)), ...(hits > 1 && { hits }) },
      'request',
    );
  return {
    request(record) {
      const { outcome, status, ms, bytes, tenant } = record;
      if (outcome !== undefined) counters.record(outcome, status, ms);
      if (outcome?.result === 'hit' || outcome?.result === 'stale') warm?.saw(outcome.key);
      if (tenant !== undefined) tenants?.record(tenant, outcome, bytes);
      const hits = outcome?.result === 'hit' ? hitLog.take() : 1;
      if (hits > 0) write(record, hits);
    },
    hit(outcome, status, ms, describe, bytes, tenant) {
      counters.record(outcome, status, ms);
      warm?.saw(outcome.key);
      if (tenant !== undefined) tenants?.record(tenant, outcome, bytes);
      const hits = hitLog.take();
      if (hits > 0) write(describe(), hits);
    },
    decoded: () => counters.countDecoded(),
    failure(error, requestId) {
      const level = error.code === 'internal' ? 'error' : error.status >= 500 ? 'warn' : 'debug';
      log[level]({ requestId, code: error.code, err: error }, error.message);
    },
  };
}

function logged({
  result,
  served,
  class: className,
  stale,
  noStore,
  pass,
  collapsed,
  forwardStatus,
}: Outcome) {
  return { result, served, class: className, stale, noStore, pass, collapsed, forwardStatus };
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
