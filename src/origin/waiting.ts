import type { ProxyError } from '../errors.js';
import type { Permits } from './permits.js';
import type { Priority } from './source.js';
import { PRIORITIES } from './turns.js';

/** Those who wait for one server. */
export interface Lane {
  readonly permits: Permits;
  readonly waiting: Record<Priority, Waiter[]>;
}

export interface Waiter {
  readonly lane: Lane;
  /** May rise while it waits. */
  priority: Priority;
  /** Order of arrival over all lanes. */
  readonly ticket: number;
  /** Of the steady clock, ms. */
  readonly deadline: number;
  /** Leaves no timer and no listener behind. Exactly one of the two is called. */
  admit(): void;
  refuse(error: ProxyError): void;
}

/** Those who wait for a group of servers, each class of each lane in the order of arrival. Who may pass is the budget's to say. */
export class Waiting {
  private readonly lanes: Lane[] = [];
  private count = 0;
  private tickets = 0;

  get size(): number {
    return this.count;
  }

  addLane(permits: Permits): Lane {
    const lane: Lane = { permits, waiting: { user: [], refresh: [], background: [] } };
    this.lanes.push(lane);
    return lane;
  }

  ticket(): number {
    return this.tickets++;
  }

  add(waiter: Waiter): void {
    waiter.lane.waiting[waiter.priority].push(waiter);
    this.count++;
  }

  remove(waiter: Waiter): void {
    takeOut(waiter);
    this.count--;
  }

  /** Among users it has the place of its arrival: who has waited longest is not the last of them. */
  promote(waiter: Waiter): void {
    takeOut(waiter);
    waiter.priority = 'user';
    const { user } = waiter.lane.waiting;
    const later = user.findIndex(({ ticket }) => ticket > waiter.ticket);
    user.splice(later < 0 ? user.length : later, 0, waiter);
  }

  all(): Waiter[] {
    return this.lanes.flatMap(inLane);
  }

  of(priority: Priority): number {
    return this.lanes.reduce((sum, lane) => sum + lane.waiting[priority].length, 0);
  }

  /** Who has waited longest of a class, of the lanes whose first `passes`. */
  first(priority: Priority, passes: (lane: Lane) => boolean): Waiter | undefined {
    let oldest: Waiter | undefined;
    for (const lane of this.lanes) {
      const head = lane.waiting[priority][0];
      if (head === undefined || (oldest && oldest.ticket < head.ticket)) continue;
      if (passes(lane)) oldest = head;
    }
    return oldest;
  }

  /** Who has come last of the lowest class below `priority`. */
  lastBelow(priority: Priority): Waiter | undefined {
    for (const lower of PRIORITIES.slice(PRIORITIES.indexOf(priority) + 1).reverse()) {
      const last = this.lanes
        .flatMap((lane) => lane.waiting[lower])
        .reduce<Waiter | undefined>((a, b) => (a && a.ticket > b.ticket ? a : b), undefined);
      if (last !== undefined) return last;
    }
    return undefined;
  }
}

/** Who waits for a server, the highest class first. */
export function inLane({ waiting }: Lane): Waiter[] {
  return PRIORITIES.flatMap((priority) => waiting[priority]);
}

function takeOut(waiter: Waiter): void {
  const queue = waiter.lane.waiting[waiter.priority];
  queue.splice(queue.indexOf(waiter), 1);
}
