import type { ResponseHead } from '../cache/fetcher.js';
import type { NoStoreReason } from '../cache/outcome.js';
import type { Phase } from '../cache/phases.js';
import type { SharedRoute } from '../cache/site.js';
import { type ErrorCode, ProxyError } from '../errors.js';
import type { ForwardReason } from '../http/cache-status.js';
import type { RawHeaders } from '../http/headers.js';
import type { Priority } from '../origin/source.js';
import type { EntryHead } from '../tiers/entry.js';

/** What a worker asks of the core. */
export type WireRequest =
  | {
      kind: 'fill';
      route: SharedRoute;
      storedAt: number | undefined;
      priority: Priority;
      forward: ForwardReason;
      /** The worker has a stale value that may stand in. */
      standIn: boolean;
      /** A client waits that may be told of interim responses. */
      interim: boolean;
      trace?: RawHeaders | undefined;
    }
  | {
      kind: 'pass';
      upstream: string;
      method: string;
      target: string;
      headers: RawHeaders;
      retryable: boolean;
      hasBody: boolean;
      trace?: RawHeaders | undefined;
    };

/** The head of the core's answer; the body follows in data frames. */
export type WireHead =
  | {
      kind: 'storable';
      head: EntryHead;
      length: number | undefined;
      own?: RawHeaders;
      collapsed?: boolean;
      /** After its end comes what the core made of the body: `coded` bytes, if it coded it, and `made`. */
      making: boolean;
    }
  | { kind: 'current'; head: EntryHead; forwardStatus: number; own?: RawHeaders; collapsed?: boolean }
  | { kind: 'uncacheable'; head: ResponseHead; reason: NoStoreReason; share: boolean }
  | {
      kind: 'pass';
      status: number;
      statusText: string;
      headers: RawHeaders;
      server: string;
      requestTime: number;
      responseTime: number;
    };

/** What the core made of a body; null: it could not. The coded bytes came before it. */
export type WireMade = Pick<EntryHead, 'tags' | 'coding' | 'recoded'> | null;

export interface WireError {
  code: ErrorCode;
  message: string;
  retryAfter: number | undefined;
}

export interface WireInfo {
  status: number;
  headers: RawHeaders;
}

/** How long each phase took in the core, ms. Comes before a head or an error. */
export type WirePhases = Partial<Record<Phase, number>>;

export function toWireError(error: ProxyError): WireError {
  return { code: error.code, message: error.message, retryAfter: error.retryAfter };
}

export function fromWireError(error: WireError): ProxyError {
  const details = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
  return new ProxyError(error.code, error.message, details);
}
