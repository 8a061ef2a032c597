import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Coverage } from '../../src/cache/coverage.js';
import type { SitePolicy } from '../../src/cache/site.js';
import { App } from '../../src/server/app.js';
import { FastPath } from '../../src/server/fast-path.js';
import { Listener } from '../../src/server/listener.js';
import type { RequestRecord } from '../../src/server/observer.js';
import { Outgoing } from '../../src/server/outgoing.js';
import { createClientAddress } from '../../src/server/peer.js';
import { PreparedResponses } from '../../src/server/prepared.js';
import type { ServerSettings } from '../../src/server/settings.js';
import { everyPath, tmdbPaths } from '../../src/territories.js';
import type { Entry } from '../../src/tiers/entry.js';
import { MemoryTier } from '../../src/tiers/memory.js';
import type { FakeClock } from '../support/fake-clock.js';
import { engineOver } from '../unit/cache/engine-kit.js';
import { letterSite } from '../unit/cache/letter-kit.js';
import { policy, V4 } from '../unit/tmdb/tools.js';
import { FunctionOrigin } from './origin.js';

export type SiteName = 'tmdb' | 'letter';
/** How L2 tells: after a promise, at once as a disk store does, or after a while as Redis does. */
export type SharedTier = 'promised' | 'prompt' | 'slow';

/** An entry as another tier decodes it: never the very object that was put there. */
function decoded(entry: Entry | undefined): Entry | undefined {
  return entry && Object.assign(Object.create(Object.getPrototypeOf(entry)), entry);
}

/** Named as in production: `Cache-Status` and the outcome say where an answer came from, and L1 is another place. */
class PromisedTier extends MemoryTier {
  override readonly name = 'redis';

  override async get(key: string): Promise<Entry | undefined> {
    return decoded(await super.get(key));
  }
}

class PromptTier extends MemoryTier {
  override readonly name = 'disk';

  lookNow(key: string): Entry | undefined {
    return decoded(this.getNow(key)?.entry);
  }

  override async get(key: string): Promise<Entry | undefined> {
    return this.lookNow(key);
  }
}

class SlowTier extends PromisedTier {
  override async get(key: string): Promise<Entry | undefined> {
    for (let turn = 0; turn < 8; turn++) await new Promise(setImmediate);
    return super.get(key);
  }
}

const TIERS = { promised: PromisedTier, prompt: PromptTier, slow: SlowTier };
const MIB = 1024 * 1024;
const times = (memoryMs: number) => ({ memoryMs, freshMs: 20_000, swrMs: 10_000, sieMs: 30_000 });

/** TMDB under the class table, with lifetimes as odd as they may be configured; or a generic upstream by the letter. */
export function siteOf(name: SiteName): SitePolicy {
  if (name === 'letter') return letterSite(30_000);
  return policy({
    credentials: [V4],
    classes: {
      image: times(15_500),
      detail: times(5_000),
      search: times(3_333),
      changes: times(0),
      static: times(30_000),
      other: times(1),
      negative: times(10_000),
    },
  });
}

export interface SideOptions {
  readonly site: SiteName;
  readonly l2: SharedTier;
  readonly clock: FakeClock;
  /** With the fast path in front of node:http, or without. */
  readonly fast: boolean;
  readonly settings?: Partial<ServerSettings>;
  /** Bound of the responses prepared, bytes. */
  readonly preparedBytes?: number;
  /** As on a Node whose accepted sockets cannot read into one buffer (one-buffer.ts). */
  readonly usualReads?: boolean;
  readonly coverage?: Coverage;
}

/** Takes from a socket what one-buffer.ts looks for, before it does. */
function readAsUsual(socket: Socket): void {
  const { _handle: handle } = socket as Socket & { readonly _handle: object };
  Object.defineProperty(handle, 'useUserBuffer', { value: undefined });
}

/** All of one node that answers: origin, tiers, engine and listener, on a free port. */
export class Side {
  readonly origin: FunctionOrigin;
  readonly listener: Listener;
  readonly site: SitePolicy;
  readonly settings: ServerSettings;
  readonly kit: ReturnType<typeof engineOver>;
  readonly l2: MemoryTier;
  /** What the observer was told, in order; ids apart. */
  readonly told: string[] = [];
  readonly ids: string[] = [];
  /** Sockets of the server by the client's port. */
  readonly sockets = new Map<number, Socket>();
  readonly fastPath: FastPath | undefined;
  /** Requests that node:http has read the heads of. */
  readonly #asked = new Set<IncomingMessage>();
  /** Answers of the fast path. */
  hits = 0;
  ready = true;
  port = 0;

  constructor(options: SideOptions) {
    const { clock } = options;
    this.origin = new FunctionOrigin(clock);
    this.l2 = new TIERS[options.l2]({ maxBytes: 64 * MIB });
    this.site = siteOf(options.site);
    this.kit = engineOver({
      clock,
      origin: this.origin,
      l2: this.l2,
      site: this.site,
      ...(options.coverage !== undefined && { coverage: options.coverage }),
    });
    this.settings = {
      site: this.site,
      clock,
      serverId: 'node-1',
      version: '9.9.9',
      cors: options.site === 'tmdb',
      maxEntryBytes: 8 * MIB,
      identityBytes: MIB,
      isReady: () => this.ready,
      clientAddress: createClientAddress(true),
      outgoing: new Outgoing({ clock, mostBytes: () => Number.POSITIVE_INFINITY, onCut: () => {} }),
      observer: {
        request: (record) => this.#tell(record),
        hit: (outcome, status, ms, describe) => {
          this.hits += 1;
          const record = describe();
          if (record.outcome !== outcome || record.status !== status || record.ms !== ms)
            throw new Error('two accounts of a hit');
          this.#tell(record);
        },
        decoded: () => void this.told.push('decoded'),
        failure: (error) => void this.told.push(`failure ${error.code} ${error.message}`),
      },
      ...options.settings,
    };
    const app = new App({
      settings: this.settings,
      engine: this.kit.engine,
      management: { fetch: (request) => Response.json({ managed: request.url, method: request.method }) },
      territory: options.site === 'tmdb' ? tmdbPaths : everyPath,
      own: { names: new Set(['proxy.home']), publicAuthority: 'tmdb.example' },
    });
    this.fastPath = options.fast ? this.#makeFastPath(app, options) : undefined;
    this.listener = new Listener(app, this.fastPath);
    if (options.usualReads === true) this.listener.server.prependListener('connection', readAsUsual);
    this.listener.server.on('connection', (socket: Socket) => {
      this.sockets.set(socket.remotePort ?? 0, socket);
    });
    for (const event of ['request', 'checkContinue'] as const) {
      this.listener.server.on(event, (incoming: IncomingMessage, response: ServerResponse) => {
        this.#asked.add(incoming);
        response.once('close', () => this.#asked.delete(incoming));
      });
    }
  }

  async open(): Promise<this> {
    const address: AddressInfo = await this.listener.listen(0, '127.0.0.1');
    this.port = address.port;
    return this;
  }

  async close(): Promise<void> {
    this.listener.closeAll();
    await this.listener.stopAccepting();
    // node:http's close also stops its timer, which keeps the server and all it refers to.
    this.listener.server.close();
  }

  get quiet(): boolean {
    return this.active === this.waiting && this.kit.engine.filler.flights.size === 0;
  }

  /** Requests under way of which some of the body is still to come: nothing may happen before. */
  get waiting(): number {
    return [...this.#asked].filter(({ complete, socket }) => !complete && !socket.destroyed).length;
  }

  /** Whether a client left before its answer was whole. */
  get abandoned(): boolean {
    return this.told.some((record) => record.includes('"aborted":true'));
  }

  /** Requests under way. */
  get active(): number {
    return this.listener.connections.active;
  }

  #makeFastPath(app: App, options: SideOptions): FastPath {
    const prepared = new PreparedResponses(this.settings, app.delivery, options.preparedBytes ?? 4 * MIB);
    return new FastPath({
      settings: this.settings,
      territory: app.territory,
      lookup: this.kit.engine.lookup,
      prepared,
    });
  }

  #tell({ requestId, span, ...record }: RequestRecord): void {
    this.ids.push(requestId);
    const { traceId, parentId, spanId } = span ?? {};
    if (span !== undefined && !/^[0-9a-f]{16}$/.test(spanId ?? '')) throw new Error('a span without an id');
    this.told.push(JSON.stringify({ ...record, traceId, parentId }));
  }
}
