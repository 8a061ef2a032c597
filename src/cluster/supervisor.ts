import cluster, { type Worker } from 'node:cluster';
import type { Clock } from '../clock.js';
import { HandedOver } from './handed-over.js';
import { type Handlers, Rpc } from './rpc.js';

/** A worker and the way to talk to it. */
export interface WorkerLink {
  readonly id: number;
  readonly pid: number;
  readonly rpc: Rpc;
  /** Ends the process at once; a new one takes its place. */
  kill(): void;
}

export type WorkerName = Pick<WorkerLink, 'id' | 'pid'>;

export interface SupervisorParts {
  readonly workers: number;
  readonly clock: Clock;
  /** What a worker may ask of this process; called once per worker. */
  readonly handlers: (link: WorkerLink) => Handlers;
  readonly onExit: (worker: WorkerName, description: string, willRestart: boolean) => void;
  /** Workers die while they start and none answers: the program must end with this message. */
  readonly onCrashLoop: (message: string) => void;
}

/**
 * So many deaths at the start within so long, while no worker listens, are a crash loop: restarting would only hide the fault.
 * Those that listened and were then killed, by whatever, are replaced for ever.
 */
const CRASH_LIMIT = 5;
const CRASH_WINDOW_MS = 30_000;
/** Between a death and the next start, ms; doubled with each death in the window. */
const RESTART_DELAY_MS = 100;
const MAX_RESTART_DELAY_MS = 5000;

/** Starts the workers and replaces those that die. Knows nothing of what they do. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #links = new Map<number, WorkerLink>();
  readonly #handedOver = new Set<HandedOver>();
  readonly #listening = new Set<number>();
  readonly #deaths = new RecentTimes(CRASH_WINDOW_MS);
  readonly #stillborn = new RecentTimes(CRASH_WINDOW_MS);
  #stopping = false;

  constructor(parts: SupervisorParts) {
    this.#parts = parts;
    cluster.setupPrimary({ serialization: 'advanced' });
  }

  start(): void {
    for (let i = 0; i < this.#parts.workers; i++) this.#fork();
  }

  /** Workers that live, in the order they were started. */
  links(): WorkerLink[] {
    return [...this.#links.values()];
  }

  /** Asks every worker to drain and resolves when all have exited. Those that outlive `timeoutMs` are ended. */
  async stop(timeoutMs: number): Promise<void> {
    this.#stopping = true;
    const gone = this.links().map((link) => this.#gone(link));
    for (const link of this.links()) link.rpc.tell('drain', []);
    const cancel = this.#parts.clock.after(timeoutMs, () => this.killAll());
    await Promise.all(gone);
    cancel();
  }

  killAll(): void {
    this.#stopping = true;
    for (const link of this.links()) link.kill();
  }

  #gone(link: WorkerLink): Promise<void> {
    return new Promise((resolve) => cluster.workers?.[link.id]?.once('exit', () => resolve()) ?? resolve());
  }

  #fork(): void {
    let worker: Worker;
    try {
      worker = cluster.fork();
    } catch (error) {
      this.#died({ id: 0, pid: 0 }, notStarted(error));
      return;
    }
    const link = this.#link(worker);
    worker.on('listening', () => this.#listening.add(worker.id));
    // That of a message to a worker which has just died needs nothing: the ends below tell all that is to be told.
    worker.on('error', (error) => {
      if (worker.process.pid !== undefined) return;
      link.rpc.close();
      if (cluster.workers !== undefined) delete cluster.workers[worker.id]; // Node does so when one has exited
      this.#died(link, notStarted(error));
    });
    if (worker.process.pid === undefined) return;
    this.#links.set(worker.id, link);
    this.#watchConnections(worker);
    worker.on('exit', (code, signal) => {
      this.#links.delete(worker.id);
      link.rpc.close();
      this.#died(link, signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  }

  /** `close`: it has ended and all that it had said is read. Node itself may have missed its going (handed-over.ts). */
  #watchConnections(worker: Worker): void {
    const handedOver = new HandedOver(worker.process);
    this.#handedOver.add(handedOver);
    worker.process.once('close', () => {
      this.#handedOver.delete(handedOver);
      worker.disconnect(); // from here on it is handed no more
      handedOver.lost([...this.#handedOver]);
    });
  }

  #link(worker: Worker): WorkerLink {
    let handlers: Handlers = {};
    const rpc = new Rpc(
      {
        // A worker can die between the check and the write; its `exit` event tells all that is to be told.
        send: (message) => worker.isConnected() && worker.send(message as object, () => {}),
        onMessage: (listener) => worker.on('message', listener),
      },
      new Proxy({}, { get: (_, method: string) => handlers[method] }) as Handlers,
    );
    const link: WorkerLink = {
      id: worker.id,
      pid: worker.process.pid ?? 0,
      rpc,
      kill: () => worker.process.kill('SIGKILL'),
    };
    handlers = this.#parts.handlers(link);
    return link;
  }

  #died(worker: WorkerName, description: string): void {
    const listened = this.#listening.delete(worker.id);
    const { clock, workers, onExit, onCrashLoop } = this.#parts;
    if (this.#stopping) {
      onExit(worker, description, false);
      return;
    }
    const deaths = this.#deaths.add(clock.steady());
    const isLoop = !listened && this.#stillborn.add(clock.steady()) > CRASH_LIMIT + workers;
    if (isLoop && this.#listening.size === 0) {
      onExit(worker, description, false);
      onCrashLoop(
        `more than ${CRASH_LIMIT + workers} worker processes died at their start within ${CRASH_WINDOW_MS / 1000} s (last: ${description}); giving up. The log above says why they died.`,
      );
      return;
    }
    onExit(worker, description, true);
    const delay = Math.min(MAX_RESTART_DELAY_MS, RESTART_DELAY_MS * 2 ** Math.max(0, deaths - workers));
    clock.after(delay, () => this.#stopping || this.#fork());
  }
}

/** Times within a window that moves on. */
class RecentTimes {
  readonly #times: number[] = [];

  constructor(private readonly windowMs: number) {}

  /** How many there are within the window, this one included. */
  add(now: number): number {
    this.#times.push(now);
    while (now - this.#times[0]! > this.windowMs) this.#times.shift();
    return this.#times.length;
  }
}

function notStarted(error: unknown): string {
  return `no start: ${error instanceof Error ? error.message : String(error)}`;
}
