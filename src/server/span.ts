import { randomBytes } from 'node:crypto';
import type { RawHeaders } from '../http/headers.js';
import { traceContextOf, traceFields } from '../http/trace-context.js';

/**
 * This node's part of a client's trace: the access line is its record. A new parent is named to the origin, the trace's id and
 * flags stay (W3C Trace Context level 2, section 3.4). No trace is begun here: nobody would collect it.
 */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** The client's. */
  readonly parentId: string;
}

export interface TracedSpan extends Span {
  /** For whatever the origin is asked because of this request. */
  readonly fields: RawHeaders;
}

/** Undefined where the request has no valid `traceparent`. */
export function spanOf(headers: RawHeaders): TracedSpan | undefined {
  const context = traceContextOf(headers);
  if (context === undefined) return undefined;
  const { traceId, parentId } = context;
  const spanId = newSpanId();
  return { traceId, spanId, parentId, fields: traceFields(context, spanId) };
}

function newSpanId(): string {
  const bytes = randomBytes(8);
  // All zero means none.
  bytes[0]! |= 1;
  return bytes.toString('hex');
}
