import { STATUS_CODES } from 'node:http';
import type { getRequestListener, HttpBindings } from '@hono/node-server';
import type { Engine } from '../cache/engine.js';
import { asProxyError, ProxyError } from '../errors.js';
import { field, type RawHeaders } from '../http/headers.js';
import { isLoop } from '../http/via.js';
import type { DoorCounts, RequestBound } from '../observe/metrics-doors.js';
import { admit } from './admission.js';
import { isPreflight, PROXIED_METHODS, preflightFields } from './cors.js';
import { Delivery } from './delivery.js';
import { type ErrorSide, problemBody, sendError } from './error-response.js';
import type { Exchange } from './exchange.js';
import { guardRequest, type OwnNames } from './guard.js';
import { ManagementLimit } from './management-limit.js';
import type { ServerSettings } from './settings.js';
import { writeHead } from './write-head.js';

/** Who answers which path. All three work on the path alone, and on the canonical one but where said. */
export interface Territory {
  /** Decoded once, dot segments and doubled slashes resolved; or why the path is refused. */
  canonicalPath(rawPath: string): string | { readonly fault: string };
  /** Whether management answers; asked first. */
  owns(path: string, method: string): boolean;
  /** Whether the engine does. Also asked with raw paths, to choose the format of an error. */
  proxied(path: string): boolean;
}

/** The management app; a Hono app is one. */
export interface ManagementApp {
  fetch(request: Request, bindings: HttpBindings): Response | Promise<Response>;
  /** The complete answer to GET of a probe's path, if this is one: what `fetch` would say, without a `Request`. */
  probe?(path: string): ProbeAnswer | undefined;
  /** Whether too many requests of this kind may be refused; none is told apart where it is missing. */
  isRefusable?(path: string): boolean;
  /** Loads what the first request would. */
  preload?(): Promise<void>;
}

export interface ProbeAnswer {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: string;
}

type Adapter = ReturnType<typeof getRequestListener>;

export interface AppOptions {
  readonly settings: ServerSettings;
  /** Undefined on listeners for management only (`ADMIN_PORT`), whose territory proxies nothing. */
  readonly engine: Pick<Engine, 'handle'> | undefined;
  readonly management: ManagementApp;
  readonly territory: Territory;
  readonly own: OwnNames;
  /** Told of what is refused. */
  readonly doors?: Pick<DoorCounts, 'refuse'>;
}

/**
 * What becomes of a request: guard → canonical path → management, engine or 404. Decided here, from the bytes as received
 * and before any URL is parsed, so that no two parties can read a path differently; management then gets the canonical
 * path, the engine the raw target, which it reads by the same function. Proxied traffic never becomes a fetch
 * `Request`: raw fields, odd statuses and 1xx would not survive it (NOTES, HTTP in Node).
 */
export class App {
  readonly #options: AppOptions;
  readonly delivery: Delivery;
  readonly #limit = new ManagementLimit();
  /** Loaded by `preload` or the first management request: a start needs neither it nor fetch's classes. */
  #adapter: Adapter | Promise<Adapter> | undefined;

  constructor(options: AppOptions) {
    this.#options = options;
    this.delivery = new Delivery(options.settings);
  }

  get settings(): ServerSettings {
    return this.#options.settings;
  }

  get territory(): Territory {
    return this.#options.territory;
  }

  /** Loads what management needs, so that it does not depend on files that an upgrade may have replaced by then. */
  async preload(): Promise<void> {
    this.#adapter ??= this.#loadAdapter();
    await this.#adapter;
    await this.#options.management.preload?.();
  }

  /** Answers one request, whatever happens. `reached`: a bound by which all but management refuses it. */
  handle(exchange: Exchange, reached?: RequestBound): void {
    const { territory, own, engine } = this.#options;
    const target = guardRequest(exchange.incoming, own);
    if (typeof target !== 'string') {
      sendError(exchange, target, this.#side(exchange.target));
      return;
    }
    exchange.target = target;
    const mark = target.indexOf('?');
    const rawPath = mark < 0 ? target : target.slice(0, mark);
    const path = target === '*' ? target : territory.canonicalPath(rawPath);
    if (typeof path !== 'string') {
      sendError(exchange, new ProxyError('bad_target', path.fault), this.#side(rawPath));
    } else if (path === '*') {
      sendServerOptions(exchange);
    } else if (territory.owns(path, exchange.method)) {
      this.#handOver(exchange, path, target.slice(rawPath.length));
    } else if (reached !== undefined) {
      this.#options.doors?.refuse(reached);
      const full = new ProxyError('node_full', 'too many requests are under way', { retryAfter: 1 });
      sendError(exchange, full, this.#side(rawPath));
    } else if (engine === undefined || !territory.proxied(path)) {
      sendError(exchange, new ProxyError('not_found', 'there is nothing at this path'), 'management');
    } else if (this.settings.cors && isPreflight(exchange.method, exchange.headers)) {
      sendPreflight(exchange);
    } else if (this.#isLoop(exchange)) {
      // Before the engine: a request that is our own must not join the flight that waits for it (RFC 8586).
      sendError(exchange, new ProxyError('loop_detected', 'the request has been here before'), 'proxied');
    } else {
      void this.#proxy(exchange, engine);
    }
  }

  async #proxy(exchange: Exchange, engine: Pick<Engine, 'handle'>): Promise<void> {
    exchange.proxied = true;
    try {
      if (exchange.turn !== undefined) await exchange.turn;
      if (this.settings.gate !== undefined) await admit(this.settings.gate, exchange);
      await this.delivery.deliver(await engine.handle(exchange), exchange);
    } catch (thrown) {
      sendError(exchange, asProxyError(thrown), 'proxied');
    }
  }

  #isLoop({ headers }: Exchange): boolean {
    const { loopId } = this.settings;
    return loopId !== undefined && isLoop(headers, loopId);
  }

  #handOver(exchange: Exchange, path: string, search: string): void {
    const { incoming, response } = exchange;
    const probe = isPlainGet(exchange) ? this.#options.management.probe?.(path) : undefined;
    if (probe !== undefined) {
      writeHead(exchange, probe.status, STATUS_CODES[probe.status]!, probe.headers);
      response.end(probe.body);
      return;
    }
    const refused = this.#limit.enter(exchange, this.#options.management.isRefusable?.(path) ?? false);
    if (refused !== undefined) {
      this.#options.doors?.refuse('management');
      sendError(exchange, refused, 'management');
      return;
    }
    exchange.allowBody();
    if (!this.settings.isReady()) response.shouldKeepAlive = false;
    incoming.url = path + search;
    this.#adapter ??= this.#loadAdapter();
    if (typeof this.#adapter === 'function') {
      void this.#adapter(incoming, response);
    } else {
      this.#adapter.then(
        (adapter) => void adapter(incoming, response),
        (thrown) => sendError(exchange, asProxyError(thrown), 'management'),
      );
    }
  }

  async #loadAdapter(): Promise<Adapter> {
    const { management } = this.#options;
    try {
      const { getRequestListener } = await import('@hono/node-server');
      this.#adapter = getRequestListener(
        (request, bindings) => management.fetch(request, bindings as HttpBindings),
        { overrideGlobalObjects: false, errorHandler: manageFailed },
      );
      return this.#adapter;
    } catch (fault) {
      this.#adapter = undefined; // the next request tries again
      throw fault;
    }
  }

  #side(rawTarget: string): ErrorSide {
    const path = rawTarget.split('?', 1)[0]!;
    return this.#options.engine !== undefined && this.#options.territory.proxied(path)
      ? 'proxied'
      : 'management';
  }
}

/** Nothing in it that `Request` could refuse or that would have to be read. */
function isPlainGet(exchange: Exchange): boolean {
  if (exchange.method !== 'GET' || exchange.hasBody || exchange.expectsContinue) return false;
  const host = field(exchange.headers, 'host') ?? '';
  const url = `http://${host}`;
  return URL.canParse(url) && new URL(url).host === host;
}

/** What the adapter could not make a fetch `Request` of: a Host line that is no host name, say. */
function manageFailed(cause: unknown): Response {
  const { type, body } = problemBody(
    new ProxyError('bad_request', 'the request can not be read as one for a management path', { cause }),
  );
  return new Response(body, { status: 400, headers: { 'content-type': type } });
}

function sendPreflight(exchange: Exchange): void {
  const headers = preflightFields(exchange.headers);
  headers.push('X-TMDB-Proxy', exchange.settings.serverId, 'X-TMDB-Proxy-Version', exchange.settings.version);
  sendNoContent(exchange, headers);
}

/** `OPTIONS *` asks about the server as a whole (RFC 9110 section 9.3.7). */
function sendServerOptions(exchange: Exchange): void {
  sendNoContent(exchange, ['Allow', PROXIED_METHODS]);
}

function sendNoContent(exchange: Exchange, headers: string[]): void {
  headers.push('X-Request-Id', exchange.requestId);
  writeHead(exchange, 204, 'No Content', headers);
  exchange.response.end();
}
