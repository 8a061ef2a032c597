import type { Outcome } from '../cache/outcome.js';
import type { Phase } from '../cache/phases.js';
import type { ProxyError } from '../errors.js';
import type { Span } from './span.js';

/** ms spent in each phase gone through; `head`: from the arrival of the request until its answer's head was ready. */
export type Phases = Readonly<Partial<Record<Phase | 'head', number>>>;

/** One finished request, for the access log and the metrics. */
export interface RequestRecord {
  readonly method: string;
  /** Target with credentials masked. */
  readonly path: string;
  /** Status sent; 499 when the client left before there was one. */
  readonly status: number;
  /** Bytes of the body handed to the client's connection; 0 for management answers, which nobody counts. */
  readonly bytes: number;
  /** From the arrival of the request's head to the end of the answer. */
  readonly ms: number;
  /** Undefined for management paths and preflights; an error where the client left before there was an answer. */
  readonly outcome: Outcome | undefined;
  /** Of what was answered with, where it is or will be stored, whole seconds. */
  readonly age?: number | undefined;
  /** Undefined of what memory had, or nobody was asked for. */
  readonly phases?: Phases | undefined;
  readonly requestId: string;
  readonly client: string;
  /** Where the request is part of a trace. */
  readonly span?: Span | undefined;
  /** Who asked, where clients have keys. */
  readonly tenant?: string | undefined;
  /** The answer did not reach its end: the client left, or the body failed. */
  readonly aborted: boolean;
}

export interface Observer {
  /** Called exactly once per request on the ordinary path, when its answer is finished or its client has gone. */
  request(record: RequestRecord): void;
  /**
   * The same of a hit that the fast path has answered, when its bytes are with the kernel or queued for it; nobody waits there for a
   * client to take them. `ms`, `bytes` and `tenant` as in the record; `describe` makes the record where one is wanted.
   */
  hit(
    outcome: Outcome,
    status: number,
    ms: number,
    describe: () => RequestRecord,
    bytes: number,
    tenant?: string,
  ): void;
  /** A stored body had to be decoded for a client that takes no gzip. */
  decoded(): void;
  /** A request failed. The client was told the code and the request's id; the cause is for the log. */
  failure(error: ProxyError, requestId: string): void;
}
