import type { CollectedMetrics } from './metrics-collected.js';

/** A bound on requests under way in the process: on their number, or on the bytes of their heads. */
export type RequestBound = 'requests' | 'heads';

/**
 * Which bound was reached: connections of the process or of one client, requests of the process, requests on one connection, or of
 * management, bodies that clients do not take; or one of the system, which then gives no connection (file descriptors, memory).
 */
export type Refusal =
  | RequestBound
  | 'connections'
  | 'client'
  | 'pipelined'
  | 'management'
  | 'outgoing'
  | 'system';

/** What the listeners of a process have let in, and what they have turned away. */
export class DoorCounts {
  connections = 0;
  /** Under way. */
  requests = 0;
  readonly refused: Record<Refusal, number> = {
    connections: 0,
    client: 0,
    requests: 0,
    heads: 0,
    pipelined: 0,
    system: 0,
    management: 0,
    outgoing: 0,
  };
  /** Told of each. */
  onRefused: (bound: Refusal, err?: Error) => void = () => {};

  /** @param err what the system said */
  refuse(bound: Refusal, err?: Error): void {
    this.refused[bound]++;
    this.onRefused(bound, err);
  }
}

/** Metrics of the bounds at the listeners, and of that on fetches from the origin. */
export function doorMetrics(
  metrics: CollectedMetrics,
  prefix: string,
  doors: DoorCounts,
  refusedFlights: () => number,
): void {
  const gauge = (name: string, help: string, value: () => number) =>
    metrics.add({ name: prefix + name, help, type: 'gauge' }, () => [{ labels: {}, value: value() }]);
  gauge('connections', 'Open connections of clients.', () => doors.connections);
  gauge(
    'requests_under_way',
    'Requests whose answer has not left in full. What the fast path answers at once does not count.',
    () => doors.requests,
  );
  metrics.add(
    {
      name: `${prefix}refused_total`,
      help: 'Connections, requests and fetches that were turned away, by the bound that was reached.',
      type: 'counter',
      labels: ['bound'],
    },
    () =>
      Object.entries({ ...doors.refused, flights: refusedFlights() }).map(([bound, value]) => ({
        labels: { bound },
        value,
      })),
  );
}
