import type { ErrorCode } from '../errors.js';
import type { Priority } from './source.js';
import type { BreakerState } from './status.js';

/** What happened, for metrics and the log. No field ever holds a target, a header or a credential. */
export type OriginEvent =
  | AttemptEvent
  | QueueEvent
  | BodyEvent
  | BreakerEvent
  | RateLimitedEvent
  | FailoverEvent;

/** One request to one server got its head, or failed. */
export interface AttemptEvent {
  readonly type: 'attempt';
  readonly upstream: string;
  readonly server: string;
  readonly method: string;
  readonly priority: Priority;
  /** Final status, or undefined when there was no head. */
  readonly status: number | undefined;
  /** Why there was no head; `client_closed` when the asker gave up. */
  readonly error: ErrorCode | undefined;
  /** From dispatch to the head or the failure. */
  readonly ms: number;
  /** 0 for the first attempt of a request. */
  readonly retry: number;
  /** Whether this server was asked because another one of the group had failed. */
  readonly failover: boolean;
}

/** A request left the budget's queue (also those that did not have to wait: ms 0). */
export interface QueueEvent {
  readonly type: 'queue';
  readonly upstream: string;
  readonly priority: Priority;
  readonly ms: number;
  /** `admitted`, or the code it was turned away with. */
  readonly outcome: 'admitted' | ErrorCode;
}

/** A body broke after its head: truncated, reset or silent for too long. */
export interface BodyEvent {
  readonly type: 'body_failed';
  readonly upstream: string;
  readonly server: string;
  readonly error: ErrorCode;
}

export interface BreakerEvent {
  readonly type: 'breaker';
  readonly upstream: string;
  readonly server: string;
  readonly state: BreakerState;
}

/** A 429: everybody who asks this group now waits. */
export interface RateLimitedEvent {
  readonly type: 'rate_limited';
  readonly upstream: string;
  readonly server: string;
  /** How long, seconds. */
  readonly seconds: number;
}

/** The group's preferred server changed. */
export interface FailoverEvent {
  readonly type: 'failover';
  readonly upstream: string;
  readonly from: string;
  readonly to: string;
}
