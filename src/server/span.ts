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

/** What the origin is told because of this request. */
export interface TracedSpan extends Span {
  /** Of what is passed through. */
  readonly fields: RawHeaders;
  /** Of a fill, whose answer is everybody's: no `tracestate`, a text of the client's that an origin may repeat. */
  readonly fillFields: RawHeaders;
}

/** Undefined where the request has no valid `traceparent`. */
export function spanOf(headers: RawHeaders): TracedSpan | undefined {
  const context = traceContextOf(headers);
  if (context === undefined) return undefined;
  const { traceId, parentId } = context;
  const spanId = newSpanId();
  return {
    traceId,
    spanId,
    parentId,
    fields: traceFields(context, spanId),
    fillFields: traceFields({ ...context, state: undefined }, spanId),
  };
}

function newSpanId(): string {
  const bytes = randomBytes(8);
  // All zero means none.
  bytes[0]! |= 1;
  return bytes.toString('hex');
}
