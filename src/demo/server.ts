import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Accounts } from './accounts.js';
import { Api, type ApiSettings, errorOutgoing } from './api.js';
import { Catalogue } from './catalogue.js';
import { ChangeLog, type Edit, type EditedKind } from './changes.js';
import { Connections } from './connections.js';
import { control, isControl } from './control.js';
import { ApiKeys } from './credentials.js';
import { deliver, distort, type Outgoing } from './delivery.js';
import { exportAnswer } from './exports.js';
import type { Fault } from './fault-kinds.js';
import { Faults } from './faults.js';
import { errorHeaders } from './headers.js';
import { imageAnswer } from './image-host.js';
import { Gallery } from './images.js';
import { incomingOf, readText } from './incoming.js';
import { Journal, type LoggedRequest } from './journal.js';
import { type Limits, RateMeter } from './limits.js';
import type { SampleOriginOptions } from './options.js';
import type { JsonObject } from './random.js';
import { tmdbRouter } from './router-tmdb.js';

/** Longer than what the pools of clients keep idle connections for: otherwise both ends close at once, now and then; ms. */
const KEEP_ALIVE = 120_000;

/** A running sample origin: TMDB's API, image host and daily exports on one port. */
export class SampleOrigin {
  /** The log of requests. */
  readonly requests: Journal;
  /** The switchboard of faults. */
  readonly faults: Faults;
  /** The keys that are good. */
  readonly keys: ApiKeys;
  /** May be replaced while the origin runs. */
  limits: Limits;

  readonly #options: SampleOriginOptions;
  readonly #server: Server;
  readonly #connections = new Connections();
  readonly #meter = new RateMeter();
  readonly #catalogue: Catalogue;
  readonly #gallery: Gallery;
  readonly #settings: ApiSettings;
  readonly #api: Api;
  readonly #now: () => number;
  #controlSocket: Socket | undefined;
  #port = 0;
  #inFlight = 0;
  #maxConcurrent = 0;

  /** Use `startSampleOrigin`. */
  constructor(options: SampleOriginOptions) {
    const seed = options.seed ?? 'sample';
    const size = { movies: 600, series: 300, persons: 800, ...options.catalogue };
    const highest = { movie: size.movies, tv: size.series, person: size.persons };
    const clock = options.clock;
    this.#options = options;
    this.#now = clock ? () => clock.now() : Date.now;
    this.limits = options.limits ?? {};
    this.keys = new ApiKeys(options.strictKey);
    this.requests = new Journal(options.logSize ?? 20_000);
    this.faults = new Faults(() => this.#connections.destroyAll(this.#controlSocket));
    const changes = new ChangeLog({
      seed,
      perDay: options.changesPerDay ?? 20,
      highest,
      order: options.changesOrder ?? 'newest',
      delay: options.changesDelay ?? 0,
    });
    this.#catalogue = new Catalogue(seed, size, changes);
    this.#gallery = new Gallery(seed);
    this.#settings = {
      conditional: options.conditional ?? true,
      keys: this.keys,
      memoryLag: options.memoryLag ?? 0,
    };
    const world = { catalogue: this.#catalogue, accounts: new Accounts(seed), now: this.#now };
    const base = options.imageBase ?? { http: 'http://image.tmdb.org', https: 'https://image.tmdb.org' };
    const router = tmdbRouter(() => base);
    this.#api = new Api(world, router, this.#settings);
    this.#server = createServer({ keepAliveTimeout: KEEP_ALIVE, requestTimeout: 0 }, (req, res) => {
      this.#handle(req, res).catch((error: unknown) => this.#failed(error, req, res));
    });
    this.#server.on('connection', (socket) => this.#connections.add(socket));
  }

  /** Begins to listen; on the same port when it did before. */
  async listen(): Promise<void> {
    const { host = '127.0.0.1', port = 0 } = this.#options;
    this.#server.listen(this.#port || port, host);
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  get port(): number {
    return this.#port;
  }

  /** `http://host:port`, no slash at the end. */
  get url(): string {
    const host = this.#options.host ?? '127.0.0.1';
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  get openConnections(): number {
    return this.#connections.open;
  }

  /** Most connections open at once since the start or `reset`. */
  get maxConnectionsSeen(): number {
    return this.#connections.most;
  }

  /** Requests being answered now. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Most requests being answered at once since the start or `reset`. */
  get maxConcurrent(): number {
    return this.#maxConcurrent;
  }

  /** Whether If-None-Match on JSON is answered with 304. */
  get conditional(): boolean {
    return this.#settings.conditional;
  }

  set conditional(on: boolean) {
    this.#settings.conditional = on;
  }

  /** The made-up world, for tests that need ids, image paths or titles. */
  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  /**
   * Lays `patch` over a resource's own fields (`{title: 'New'}`): its body and ETag change, and so do those of its
   * sub-resources (field `edited`), and it is in the change feed. Throws a RangeError for an unknown id.
   */
  edit(kind: EditedKind, id: number, patch: JsonObject = {}): void {
    this.editAll([{ kind, id, patch }]);
  }

  /** As `edit`, in turn, the last one newest; none is made when one of the ids is unknown. */
  editAll(edits: readonly Edit[]): void {
    const unknown = edits.find(({ kind, id }) => !this.#catalogue.has(kind, id));
    if (unknown) throw new RangeError(`the catalogue has no ${unknown.kind} ${unknown.id}`);
    for (const { kind, id, patch } of edits) this.#catalogue.changes.edit(kind, id, patch, this.#now());
  }

  /** How often a resource was edited, and when last (milliseconds since 1970). */
  edited(kind: EditedKind, id: number): { readonly revision: number; readonly time: number | undefined } {
    const { changes } = this.#catalogue;
    return { revision: changes.edited(kind, id).revision, time: changes.lastEdit(kind, id) };
  }

  /** Empties the log, forgets the peaks and switches the faults off. Edits, accounts and keys stay. */
  reset(): void {
    this.requests.reset();
    this.faults.clear();
    this.#connections.reset();
    this.#maxConcurrent = this.#inFlight;
  }

  /** Closes the port and every connection: clients get ECONNREFUSED until `listen` is called again. */
  async stopListening(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#connections.destroyAll();
    await closed;
  }

  /** Ends everything. */
  async close(): Promise<void> {
    await this.stopListening();
    this.faults.clear();
  }

  async #handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const target = req.url ?? '/';
    const method = req.method ?? 'GET';
    if (isControl(target)) return this.#steer(req, res, method, target);
    const host = req.headers.host ?? '';
    const logged = this.#log(req, res, method, target, host);
    const limited = this.#limited(req, target);
    const faults = limited ? [] : this.faults.strike({ method, target, host });
    if (faults.some(({ kind }) => kind === 'offline')) {
      req.socket.destroy();
      return;
    }
    const writes = method !== 'GET' && method !== 'HEAD';
    const text = writes ? await readText(req) : '';
    const out = limited ?? this.#answer(req, method, target, text, faults);
    await deliver(res, method, distort(out, faults, logged.time), faults, this.faults.gates);
  }

  async #steer(req: IncomingMessage, res: ServerResponse, method: string, target: string): Promise<void> {
    const text = await readText(req);
    this.#controlSocket = req.socket;
    const counters = () => ({
      open_connections: this.openConnections,
      max_connections_seen: this.maxConnectionsSeen,
      max_concurrent: this.maxConcurrent,
    });
    const { faults, requests, keys } = this;
    const edit = (edits: readonly Edit[]) => this.editAll(edits);
    control({ faults, requests, keys, counters, edit }, method, target, text, res);
    this.#controlSocket = undefined;
  }

  #log(
    req: IncomingMessage,
    res: ServerResponse,
    method: string,
    target: string,
    host: string,
  ): LoggedRequest {
    const connection = this.#connections.idOf(req.socket);
    const logged: LoggedRequest = {
      method,
      target,
      headers: req.rawHeaders,
      host,
      time: this.#now(),
      connection,
      status: undefined,
    };
    this.requests.add(logged);
    this.#inFlight++;
    this.#maxConcurrent = Math.max(this.#maxConcurrent, this.#inFlight);
    res.once('close', () => {
      this.#inFlight--;
      if (res.headersSent) logged.status = res.statusCode;
    });
    return logged;
  }

  #limited(req: IncomingMessage, target: string): Outgoing | undefined {
    const { rate, connections } = this.limits;
    const address = req.socket.remoteAddress ?? '';
    const api = !target.startsWith('/t/');
    const crowded = connections !== undefined && this.#connections.of(address) > connections;
    const fast = api && rate !== undefined && !this.#meter.admit(address, rate, this.#now());
    if (!crowded && !fast) return undefined;
    const close: [string, string][] = crowded ? [['Connection', 'close']] : [];
    return errorOutgoing(25, this.#now(), [['Retry-After', '1'], ...close]);
  }

  #answer(
    req: IncomingMessage,
    method: string,
    target: string,
    text: string,
    faults: readonly Fault[],
  ): Outgoing {
    const now = this.#now();
    const reading = method === 'GET' || method === 'HEAD';
    const nothing: Outgoing = { status: 200, headers: errorHeaders(200, now), body: Buffer.alloc(0) };
    // A write that "fails" must not have happened.
    if (!reading && faults.some(({ kind }) => kind === 'status' || kind === 'redirect')) return nothing;
    const incoming = incomingOf(req, method, target, text);
    if (incoming === undefined) return errorOutgoing(47, now);
    if (method === 'OPTIONS') {
      const cors: Outgoing['headers'] = [
        ['Access-Control-Allow-Origin', '*'],
        ['Access-Control-Allow-Methods', 'GET, HEAD, POST, PUT, DELETE, OPTIONS'],
        ['Access-Control-Allow-Headers', req.headers['access-control-request-headers'] ?? '*'],
      ];
      return { status: 204, headers: cors, body: Buffer.alloc(0), bodiless: true };
    }
    if (incoming.path.startsWith('/t/')) return imageAnswer(this.#gallery, incoming, now);
    if (incoming.path.startsWith('/p/')) return exportAnswer(this.#catalogue, incoming.path, now);
    return this.#api.answer(incoming);
  }

  #failed(error: unknown, req: IncomingMessage, res: ServerResponse): void {
    // Reading a body ends with an error when the client goes: nobody is left to be answered.
    if (req.socket.destroyed) return;
    const tell = this.#options.onError ?? ((failure: unknown) => console.error('sample origin:', failure));
    tell(error);
    if (res.headersSent) res.destroy();
    else res.writeHead(500, { 'content-type': 'application/json' }).end(errorOutgoing(11, this.#now()).body);
  }
}

/** Starts a sample origin: no key, no network, no files. */
export async function startSampleOrigin(options: SampleOriginOptions = {}): Promise<SampleOrigin> {
  const origin = new SampleOrigin(options);
  await origin.listen();
  return origin;
}
