import { acceptsCoding } from '../http/content-coding.js';
import { ownText } from '../tiers/compact.js';

/**
 * The narrow grammar of requests that the fast path looks at: one complete head of a GET or HEAD without a body. It is a
 * subset of what node:http's parser accepts, and nothing in it is open to a second reading: no folded line, no bare CR or
 * LF, no space before a colon, no field that frames a body or changes the protocol. What is not of it is not refused,
 * only not looked at.
 */

/** The fields of a request, read once and remembered by their bytes. */
export interface Reading {
  /** Whether the fast path may answer. Otherwise it is only known that node:http will find one request without a body. */
  readonly answerable: boolean;
  /** Those fields, in order, on which route or variant may depend. */
  readonly deciding: readonly string[];
  readonly takesGzip: boolean;
  readonly ifNoneMatch: string | undefined;
}

/** What comes between the target and the fields. */
const VERSION = ' HTTP/1.1\r\n';
/** Longer requests are for the parser: remembering them would cost more than it saves, bytes. */
export const LONGEST_REQUEST = 4096;

/** Method, target and fields of a chunk that may be a plain request, not yet judged. */
export interface Split {
  readonly method: 'GET' | 'HEAD';
  readonly target: string;
  /** Every byte behind the request line, the empty line included. */
  readonly fields: string;
}

/** Undefined when the chunk can't be a plain request. */
export function split(chunk: Buffer): Split | undefined {
  const { length } = chunk;
  // 13 and 10: it ends like a head. Cheap, and most of what is not plain fails here.
  if (length > LONGEST_REQUEST || chunk[length - 1] !== 10 || chunk[length - 3] !== 10) return undefined;
  const text = chunk.toString('latin1');
  const method = text.startsWith('GET /') ? 'GET' : text.startsWith('HEAD /') ? 'HEAD' : undefined;
  if (method === undefined) return undefined;
  const end = text.indexOf(VERSION, method.length + 1);
  if (end < 0) return undefined;
  return { method, target: text.slice(method.length + 1, end), fields: text.slice(end + VERSION.length) };
}

/** Origin form, visible ASCII only, no fragment (RFC 9112 section 3.2.1). */
const TARGET = /^\/[!"$-~]*$/;

export function isPlainTarget(target: string): boolean {
  return TARGET.test(target);
}

/** Route, variant or coding may depend on these: they are handed to the site as they are. */
const DECIDING: ReadonlySet<string> = new Set([
  'accept',
  'accept-encoding',
  'accept-language',
  'authorization',
  'cookie',
  'origin',
]);

/** Nothing that is answered depends on these. What browsers, apps and load balancers send with every request. */
const INDIFFERENT: ReadonlySet<string> = new Set([
  'connection', // keep-alive only, see below
  'dnt',
  'host',
  'if-none-match', // judged by itself
  'priority',
  'referer',
  'save-data',
  'sec-ch-ua',
  'sec-ch-ua-mobile',
  'sec-ch-ua-platform',
  'sec-fetch-dest',
  'sec-fetch-mode',
  'sec-fetch-site',
  'sec-fetch-user',
  'sec-gpc',
  'upgrade-insecure-requests',
  'user-agent',
  'x-forwarded-for', // for the log
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
  'x-forwarded-server',
  'x-real-ip',
]);

/** These frame a body or turn the connection into something else: the connection is node:http's from then on. */
const FRAMING: ReadonlySet<string> = new Set([
  'content-length',
  'expect',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** A name, a colon, at most one space, visible ASCII and inner spaces. */
const LINE = /^([A-Za-z0-9-]+): ?((?:[!-~](?:[ -~]*[!-~])?)?)$/;
const HOST = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]{1,5})?$/;

/**
 * Fields that every request has its own values of, and on which nothing depends that is answered but the repeated id: taken
 * out before fields are remembered by their bytes, or clients that trace would be read anew each time.
 */
const OWN_LINE = /^(traceparent|tracestate|x-request-id): ?((?:[!-~](?:[ -~]*[!-~])?)?)$/i;
const LOWER = 0x20;
const T = 0x74;
const X = 0x78;

/** What of the fields is of this request alone, and the others; undefined where there is nothing, or a line twice. */
export function withoutOwn(
  fields: string,
): { readonly own: readonly string[]; readonly fields: string } | undefined {
  const own: string[] = [];
  let others = '';
  let from = 0;
  for (let at = 0, end = fields.indexOf('\r\n'); end > at; at = end + 2, end = fields.indexOf('\r\n', at)) {
    const first = fields.charCodeAt(at) | LOWER;
    if (first !== T && first !== X) continue;
    const m = OWN_LINE.exec(fields.slice(at, end));
    if (m === null) continue;
    const name = m[1]!.toLowerCase();
    // How several lines are joined is the slow path's to say.
    if (own.includes(name)) return undefined;
    own.push(name, m[2]!);
    others += fields.slice(from, at);
    from = end + 2;
  }
  return own.length === 0 ? undefined : { own, fields: others + fields.slice(from) };
}

/**
 * Reads the fields of a split chunk; undefined when they are not of the grammar, or may frame more than this request.
 * `reads`: the only ones the site looks at (`SitePolicy.reads`).
 */
export function readFields(fields: string, reads?: ReadonlySet<string>): Reading | undefined {
  if (fields.indexOf('\r\n\r\n') !== fields.length - 4) return undefined;
  const deciding: string[] = [];
  const seen = new Set<string>();
  let ifNoneMatch: string | undefined;
  let answerable = true;
  for (const line of fields.slice(0, -4).split('\r\n')) {
    const m = LINE.exec(line);
    if (m === null) return undefined;
    const value = ownText(m[2]!);
    const name = m[1]!.toLowerCase();
    if (FRAMING.has(name)) return undefined;
    if (name === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined;
    if (name === 'host' && (seen.has(name) || !HOST.test(value))) return undefined;
    // How several lines are joined is the slow path's to say.
    if (seen.has(name)) answerable = false;
    seen.add(name);
    if (name === 'if-none-match') ifNoneMatch = value;
    else if (DECIDING.has(name)) deciding.push(name, value);
    else if (!INDIFFERENT.has(name)) answerable = false;
  }
  if (!seen.has('host')) return undefined;
  const takesGzip = acceptsCoding(deciding, 'gzip');
  return { answerable, deciding: readBy(deciding, reads), takesGzip, ifNoneMatch };
}

function readBy(deciding: readonly string[], reads: ReadonlySet<string> | undefined): readonly string[] {
  if (reads === undefined) return deciding;
  return deciding.filter((_, i) => reads.has(deciding[i - (i % 2)]!));
}

/** Whether all fields that choose among variants were handed to the site. */
export function decides(vary: readonly string[], reads = DECIDING): boolean {
  return vary.every((name) => DECIDING.has(name) && reads.has(name));
}
