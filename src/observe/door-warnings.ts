import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Refusal } from './metrics-doors.js';

/** Between two lines about the same bound; how often it is reached is for the metric to tell, ms. */
const EVERY_MS = 60_000;

/** What an operator can do. */
const ADVICE: Readonly<Record<Refusal, string>> = {
  connections: 'raise MAX_CONNECTIONS, or let a load balancer in front keep connections together',
  client:
    'if one address speaks for many (a load balancer, a tunnel, NAT), name it in TRUST_PROXY or raise MAX_CONNECTIONS_PER_CLIENT',
  requests: 'raise MAX_REQUESTS, or see what the answers wait for: /metrics has their durations',
  heads:
    'clients send many requests with large heads at once; cut cookies for this host, or lower maxima in a load balancer in front',
  pipelined: 'a client sends requests without reading answers',
  system:
    'for EMFILE or ENFILE raise the limit on open files (ulimit -n); for ENOMEM or ENOBUFS give it memory',
  outgoing:
    'clients ask for many large answers and read them slowly: the slowest are cut; raise MEMORY_CACHE_BYTES if they are your own',
  management:
    'a client asks for /metrics, /stats and the like without reading answers; METRICS_PORT gives metrics a port of their own',
};

/** Says that clients are turned away, once a minute for each bound. */
export function doorWarnings(
  log: Pick<Logger, 'warn'>,
  clock: Pick<Clock, 'steady'>,
): (bound: Refusal, err?: Error) => void {
  const saidAt = new Map<Refusal, number>();
  return (bound, err) => {
    const now = clock.steady();
    if (now - (saidAt.get(bound) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return;
    saidAt.set(bound, now);
    log.warn(
      { bound, advice: ADVICE[bound], ...(err && { err }) },
      'a bound was reached: clients are turned away',
    );
  };
}
