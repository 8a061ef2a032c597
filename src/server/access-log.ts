import type { Outcome } from '../cache/outcome.js';
import type { HitLog } from '../observe/hit-log.js';
import type { Logger } from '../observe/log.js';
import type { RequestCounters } from '../observe/metrics-requests.js';
import { UnstoredWarning } from '../observe/unstored-warning.js';
import type { Observer, RequestRecord } from './observer.js';

export interface AccessLog extends Observer {
  /** Says how many hits no line stands for; to be called when all connections are closed. */
  end(): void;
}

/** Who else is told what was answered. */
export interface Accounts {
  readonly counters: RequestCounters;
  /** What is asked for often, to be warmed up after a restart. */
  readonly warm?: { saw(key: string | undefined): void } | undefined;
  /** What is asked for in vain. */
  readonly misses?: { saw(key: string | undefined): void } | undefined;
  readonly tenants?:
    | { record(tenant: string, outcome: Outcome | undefined, bytes: number): void }
    | undefined;
}

/** Every request in the accounts, and in the log those worth a line, from the same record. */
export function accessLog(
  { counters, warm, misses, tenants }: Accounts,
  log: Logger,
  hitLog: HitLog,
): AccessLog {
  const unstored = new UnstoredWarning((answers) =>
    log.warn(
      { answers },
      `nothing is stored: each of ${answers} answers was for its asker alone, because the request had a Cookie, an Origin or another field of somebody's own that no Vary names`,
    ),
  );
  const write = (record: RequestRecord, hits: number) =>
    log.info({ ...lineOf(record), ...(hits > 1 && { hits }) }, 'request');
  return {
    request(record) {
      const { outcome, status, ms, bytes, tenant } = record;
      if (outcome !== undefined) {
        counters.record(outcome, status, ms, bytes);
        unstored.saw(outcome);
      }
      if (outcome?.result === 'hit' || outcome?.result === 'stale') warm?.saw(outcome.key);
      else if (outcome?.result === 'miss') misses?.saw(outcome.key);
      if (tenant !== undefined) tenants?.record(tenant, outcome, bytes);
      const hits = outcome?.result === 'hit' ? hitLog.take() : 1;
      if (hits > 0) write(record, hits);
    },
    hit(outcome, status, ms, describe, bytes, tenant) {
      counters.record(outcome, status, ms, bytes);
      warm?.saw(outcome.key);
      if (tenant !== undefined) tenants?.record(tenant, outcome, bytes);
      const hits = hitLog.take();
      if (hits > 0) write(describe(), hits);
    },
    decoded: () => counters.countDecoded(),
    failure(error, requestId) {
      const level = error.code === 'internal' ? 'error' : error.status >= 500 ? 'warn' : 'debug';
      log[level]({ request_id: requestId, code: error.code, err: error }, error.message);
    },
    end() {
      const hits = hitLog.rest();
      if (hits > 0) log.info({ hits }, 'hits since the last line of one');
    },
  };
}

/** Names as in the metrics; what is undefined is left out. docs/operations.md explains each. */
function lineOf(record: RequestRecord) {
  const { requestId, span, outcome, age, phases, ...rest } = record;
  return {
    request_id: requestId,
    ...(span !== undefined && {
      trace_id: span.traceId,
      span_id: span.spanId,
      parent_span_id: span.parentId,
    }),
    ...rest,
    ...(outcome !== undefined && logged(outcome)),
    age,
    phases,
  };
}

function logged({
  result,
  served,
  class: className,
  forward,
  forwardStatus,
  stale,
  noStore,
  pass,
  collapsed,
}: Outcome) {
  return {
    result,
    tier: served,
    class: className,
    forward,
    forward_status: forwardStatus,
    stale,
    no_store: noStore,
    pass,
    collapsed,
  };
}
