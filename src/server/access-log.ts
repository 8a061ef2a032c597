import type { Outcome } from '../cache/outcome.js';
import type { HitLog } from '../observe/hit-log.js';
import type { Logger } from '../observe/log.js';
import type { RequestCounters } from '../observe/metrics-requests.js';
import type { Observer, RequestRecord } from './observer.js';

export interface AccessLog extends Observer {
  /** Says how many hits no line stands for; to be called when all connections are closed. */
  end(): void;
}

/** Every request in the counters, and in the log those worth a line, from the same record. */
export function accessLog(counters: RequestCounters, log: Logger, hitLog: HitLog): AccessLog {
  const write = ({ outcome, ...rest }: RequestRecord, hits: number) =>
    log.info(
      { ...rest, ...(outcome !== undefined && logged(outcome)), ...(hits > 1 && { hits }) },
      'request',
    );
  return {
    request(record) {
      const { outcome, status, ms } = record;
      if (outcome !== undefined) counters.record(outcome, status, ms);
      const hits = outcome?.result === 'hit' ? hitLog.take() : 1;
      if (hits > 0) write(record, hits);
    },
    hit(outcome, status, ms, describe) {
      counters.record(outcome, status, ms);
      const hits = hitLog.take();
      if (hits > 0) write(describe(), hits);
    },
    decoded: () => counters.countDecoded(),
    failure(error, requestId) {
      const level = error.code === 'internal' ? 'error' : error.status >= 500 ? 'warn' : 'debug';
      log[level]({ requestId, code: error.code, err: error }, error.message);
    },
    end() {
      const hits = hitLog.rest();
      if (hits > 0) log.info({ hits }, 'hits since the last line of one');
    },
  };
}

function logged({
  result,
  served,
  class: className,
  stale,
  noStore,
  pass,
  collapsed,
  forwardStatus,
}: Outcome) {
  return { result, served, class: className, stale, noStore, pass, collapsed, forwardStatus };
}
