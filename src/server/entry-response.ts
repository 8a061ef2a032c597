import { ProxyError } from '../errors.js';
import { field, hasField, withField } from '../http/headers.js';
import { partOf, rangeWithin } from '../http/partial.js';
import { printContentRange, selectRange } from '../http/ranges.js';
import { evaluateConditional, notModifiedHeaders } from '../http/validation.js';
import type { Entry, EntryHead } from '../tiers/entry.js';
import { BodyWriter } from './body-writer.js';
import { bufferSource, DecodedSource } from './coded-body.js';
import type { EntryFields } from './entry-fields.js';
import type { Exchange } from './exchange.js';
import type { IdentityBodies } from './identity-bodies.js';
import { partial, unsatisfiable } from './range-response.js';
import { chooseForm, type Form } from './representation.js';
import { allowsBody, writeHead } from './write-head.js';

/** What is prepared once for many deliveries. */
export interface Means {
  readonly fields: EntryFields;
  readonly identities: IdentityBodies;
}

/** Answers from a complete entry: 304, 206, 416 or all of it, in the coding the client takes (I-22). */
export async function respondEntry(
  entry: Entry,
  exchange: Exchange,
  { fields, identities }: Means,
): Promise<void> {
  const form = chooseForm(entry, exchange.method, exchange.headers, exchange.settings.site);
  if (sentNotModified(entry, form, exchange, fields)) return;
  if (entry.status === 206) return sendWithin(entry, form, exchange, fields);
  if (form !== 'decoded') return sendBytes(entry, form, entry.body, exchange, fields);
  const decoded = await identities.of(entry);
  if (exchange.gone) return;
  if (decoded !== undefined) return sendBytes(entry, form, decoded, exchange, fields);
  sendDecodedStream(entry, exchange, fields);
}

/** Answers 304 where the client's copy is current; true when it did. Ours are the conditions a cache may judge. */
export function sentNotModified(
  head: EntryHead,
  form: Form,
  exchange: Exchange,
  fields: EntryFields,
): boolean {
  const { headers, method, settings } = exchange;
  if (!hasField(headers, 'if-none-match') && !hasField(headers, 'if-modified-since')) return false;
  const judged = fields.judged(head, form, exchange);
  const options = { now: settings.clock.now(), receivedAt: head.storedAt };
  if (evaluateConditional(method, headers, judged, head.status, options) !== 'not-modified') return false;
  const base = notModifiedHeaders(fields.lasting(head, form));
  writeHead(exchange, 304, 'Not Modified', fields.full(head, form, exchange, base));
  exchange.response.end();
  return true;
}

/** The bytes of the chosen form, whole or the ranges asked for. */
function sendBytes(entry: Entry, form: Form, bytes: Buffer, exchange: Exchange, fields: EntryFields): void {
  if (hasField(exchange.headers, 'range') && sentPartial(entry, form, bytes, exchange, fields)) return;
  const headers = fields.full(entry, form, exchange);
  const { method, response } = exchange;
  if (entry.status !== 204) headers.push('Content-Length', String(bytes.length));
  writeHead(exchange, entry.status, entry.statusText, headers);
  if (!allowsBody(method, entry.status)) {
    response.end();
  } else {
    exchange.bytes = bytes.length;
    exchange.endWith(bytes, bytes);
  }
}

function sentPartial(
  entry: Entry,
  form: Form,
  bytes: Buffer,
  exchange: Exchange,
  fields: EntryFields,
): boolean {
  const { headers, method, settings, response } = exchange;
  const lasting = fields.lasting(entry, form);
  const judged = fields.judged(entry, form, exchange);
  const verdict = selectRange(method, headers, entry.status, judged, bytes.length, settings.clock.now());
  if (verdict.kind === 'full') return false;
  if (verdict.kind === 'unsatisfiable') {
    const base = unsatisfiable(lasting, bytes.length);
    // Of this request, not of the resource: nobody should keep it.
    const full = withField(fields.full(entry, form, exchange, base), 'Cache-Control', 'no-store');
    sendEmpty(exchange, 416, 'Range Not Satisfiable', full);
    return true;
  }
  const part = partial(lasting, bytes, verdict.ranges);
  const full = fields.full(entry, form, exchange, part.headers);
  full.push('Content-Length', String(part.length));
  writeHead(exchange, 206, 'Partial Content', full);
  exchange.bytes = part.length;
  response.cork();
  for (const piece of part.pieces.slice(0, -1)) response.write(piece);
  exchange.endWith(part.pieces.at(-1)!, bytes);
  return true;
}

/** The range asked for, cut from a stored part that has all of it (the engine has seen to that). */
function sendWithin(entry: Entry, form: Form, exchange: Exchange, fields: EntryFields): void {
  const part = partOf(entry.headers, entry.body.length);
  // Just fetched, the part may be less than was asked (RFC 9110 section 15.3.7): then it is the answer as it is.
  const range = part && (rangeWithin(field(exchange.headers, 'range') ?? '', part) ?? part);
  if (part === undefined || range === undefined) {
    throw new ProxyError('internal', 'a part was to answer a range that it does not hold');
  }
  const base = withField(fields.lasting(entry, form), 'Content-Range', printContentRange(range, part.size));
  const headers = fields.full(entry, form, exchange, base);
  const bytes = entry.body.subarray(range.start - part.start, range.end - part.start + 1);
  headers.push('Content-Length', String(bytes.length));
  writeHead(exchange, 206, entry.statusText, headers);
  exchange.bytes = bytes.length;
  exchange.endWith(bytes, entry.body);
}

function sendEmpty(exchange: Exchange, status: number, text: string, headers: string[]): void {
  headers.push('Content-Length', '0');
  writeHead(exchange, status, text, headers);
  exchange.response.end();
}

/** Too long to be decoded in one go: a stream of unknown length. A range of it is not cut, which a 200 may answer. */
function sendDecodedStream(entry: Entry, exchange: Exchange, fields: EntryFields): void {
  const silent = !allowsBody(exchange.method, entry.status);
  const head = () => writeStreamHead(entry, 'decoded', undefined, exchange, fields);
  if (silent) {
    head();
    exchange.response.end();
    return;
  }
  new BodyWriter(exchange, new DecodedSource(bufferSource(entry.body)), {
    head,
    length: undefined,
    silent,
  }).start();
}

/** The head of a response whose body follows as a stream. */
export function writeStreamHead(
  head: EntryHead,
  form: Form,
  length: number | undefined,
  exchange: Exchange,
  fields: EntryFields,
): void {
  const headers = fields.full(head, form, exchange);
  if (length !== undefined && head.status !== 204) headers.push('Content-Length', String(length));
  writeHead(exchange, head.status, head.statusText, headers);
}
