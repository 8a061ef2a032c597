/** Where a fault strikes: before the response's head, or in its body after `afterBytes` (default: half of it). */
export type Place = 'head' | 'body';

/** What goes wrong. Times are milliseconds, sizes are bytes of the body as sent. */
export type FaultKind =
  | {
      readonly kind: 'latency';
      /** Wait before the head. */
      readonly headMs?: number;
      /** Wait between head and body. */
      readonly bodyMs?: number;
      /** Wait before each chunk of the body. */
      readonly chunkDelayMs?: number;
      /** Size of the chunks; default 16 KiB. */
      readonly chunkBytes?: number;
    }
  /** Another status; the body is TMDB's envelope for it unless one is given (text, or anything else as JSON). */
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter?: number | string;
      readonly body?: unknown;
    }
  /** An error envelope (default code 11) with HTTP status 200, and with the headers of the real answer. */
  | { readonly kind: 'envelope200'; readonly code?: number }
  | { readonly kind: 'hang'; readonly where?: Place; readonly afterBytes?: number }
  | { readonly kind: 'reset'; readonly where?: Place; readonly afterBytes?: number }
  /** `Content-Length` of the whole body, the last `missing` bytes (default: half) not sent, then the end. */
  | { readonly kind: 'truncate'; readonly missing?: number }
  /** `extra` more bytes (default 16) than `Content-Length` says, then the end. */
  | { readonly kind: 'excess'; readonly extra?: number }
  /** A gzipped body without `Content-Encoding`. */
  | { readonly kind: 'gzip-without-header' }
  /** `Content-Encoding: gzip` on a plain body. */
  | { readonly kind: 'header-without-gzip' }
  /** The connection is destroyed without an answer; without `match` and `host`, all open ones at once too. */
  | { readonly kind: 'offline' }
  /** Headers set (a list: several lines), or removed with null. */
  | { readonly kind: 'headers'; readonly set: Readonly<Record<string, string | readonly string[] | null>> }
  | { readonly kind: 'redirect'; readonly location: string; readonly status?: number }
  /** Chunked instead of `Content-Length`. */
  | { readonly kind: 'no-content-length' }
  /** A 103 with these `Link` values before the head. */
  | { readonly kind: 'early-hints'; readonly links: readonly string[] }
  /** Waits until `release(name)`; the response was made up before, when the request arrived. */
  | { readonly kind: 'gate'; readonly name: string; readonly where?: Place; readonly afterBytes?: number };

/** A fault and the requests it strikes. All given conditions must hold; without any, it strikes every request. */
export type Fault = FaultKind & {
  /** Begins with `/`: a prefix of the request target (path and query). Otherwise a regular expression on it. */
  readonly match?: string;
  /** The `Host` header, with or without the port. */
  readonly host?: string;
  readonly method?: string;
  /** Strikes this many requests, then disappears. */
  readonly times?: number;
};

/** Every switch there is. */
export const KINDS: ReadonlySet<string> = new Set([
  'latency',
  'status',
  'envelope200',
  'hang',
  'reset',
  'truncate',
  'excess',
  'gzip-without-header',
  'header-without-gzip',
  'offline',
  'headers',
  'redirect',
  'no-content-length',
  'early-hints',
  'gate',
]);

/** Fields a kind cannot do without, and their type. */
const NEEDED: Readonly<Record<string, readonly [field: string, type: string]>> = {
  status: ['status', 'number'],
  headers: ['set', 'object'],
  redirect: ['location', 'string'],
  'early-hints': ['links', 'object'],
  gate: ['name', 'string'],
};

/** A fault out of parsed JSON; throws a TypeError that says what is wrong. */
export function parseFault(value: unknown): Fault {
  if (typeof value !== 'object' || value === null) throw new TypeError('a fault is an object');
  const fault = value as Record<string, unknown>;
  const kind = String(fault.kind);
  if (!KINDS.has(kind)) throw new TypeError(`unknown kind "${kind}"; known: ${[...KINDS].join(', ')}`);
  const [field, type] = NEEDED[kind] ?? [];
  if (field !== undefined && (typeof fault[field] !== type || fault[field] === null)) {
    throw new TypeError(`a fault of kind "${kind}" needs "${field}" (${type})`);
  }
  if (typeof fault.match === 'string' && !fault.match.startsWith('/')) new RegExp(fault.match);
  return value as Fault;
}
