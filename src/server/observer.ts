import type { Outcome } from '../cache/outcome.js';
import type { ProxyError } from '../errors.js';

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
  /** Undefined for management paths and preflights. */
  readonly outcome: Outcome | undefined;
  readonly requestId: string;
  readonly client: string;
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
