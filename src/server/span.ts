import { randomBytes } from 'node:crypto';
import type { RawHeaders } from '../http/headers.js';
import { isSampled, type TraceContext, traceContextOf, traceFields } from '../http/trace-context.js';

/**
 * This node's part of a client's trace: the access line is its record. Without a valid `traceparent` there is none: nobody would
 * collect it.
 */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  /** The client's. */
  readonly parentId: string;
  /** Trace of what the origin was asked on everybody's behalf, if this request was the one to ask. */
  readonly originTraceId?: string | undefined;
}

/** What the origin is told of the trace of a request. */
export class TracedSpan implements Span {
  readonly traceId: string;
  readonly spanId = hex(8);
  readonly parentId: string;
  readonly #context: TraceContext;
  #originTraceId: string | undefined;

  constructor(context: TraceContext) {
    this.traceId = context.traceId;
    this.parentId = context.parentId;
    this.#context = context;
  }

  /** Of a request that is passed through: a new parent is named, the trace's id, flags and state stay (W3C Trace Context level 2, section 3.4). */
  get fields(): RawHeaders {
    return traceFields(this.#context, this.spanId);
  }

  /**
   * Of a fill whose answer may be everybody's: a trace of its own, begun anew (section 3.4, *restart trace*), since an origin may
   * repeat what it is told and nothing that one client has written may come to others. What is not sampled is not told of.
   */
  get fillFields(): RawHeaders | undefined {
    if (!isSampled(this.#context)) return undefined;
    this.#originTraceId ??= hex(16);
    return traceFields({ traceId: this.#originTraceId, flags: '01', state: undefined }, this.spanId);
  }

  get originTraceId(): string | undefined {
    return this.#originTraceId;
  }
}

/** Undefined where the request has no valid `traceparent`. */
export function spanOf(headers: RawHeaders): TracedSpan | undefined {
  const context = traceContextOf(headers);
  return context && new TracedSpan(context);
}

function hex(length: number): string {
  const bytes = randomBytes(length);
  // All zero means none.
  bytes[0]! |= 1;
  return bytes.toString('hex');
}
