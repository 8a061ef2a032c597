import cluster, { type Worker } from 'node:cluster';
import type { Clock } from '../clock.js';
import { type Handlers, Rpc } from './rpc.js';

/** A worker and the way to talk to it. */
export interface WorkerLink {
  readonly id: number;
  readonly pid: number;
  readonly rpc: Rpc;
  /** Ends the process at once; a new one takes its place. */
  kill(): void;
}

export interface SupervisorParts {
  readonly workers: number;
  readonly clock: Clock;
  /** What a worker may ask of this process; called once per worker. */
  readonly handlers: (link: WorkerLink) => Handlers;
  readonly onExit: (link: WorkerLink, description: string, willRestart: boolean) => void;
  /** Workers die faster than they start: the program must end with this message. */
  readonly onCrashLoop: (message: string) => void;
}

/** So many deaths within so long are a crash loop: restarting would only hide the fault. */
const CRASH_LIMIT = 5;
const CRASH_WINDOW_MS = 30_000;
/** Between a death and the next start, ms; doubled with each death in the window. */
const RESTART_DELAY_MS = 100;
const MAX_RESTART_DELAY_MS = 5000;

/** Starts the workers and replaces those that die. Knows nothing of what they do. */
export class Supervisor {
  readonly #parts: SupervisorParts;
  readonly #links = new Map<number, WorkerLink>();
  readonly #deaths: number[] = [];
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
    const worker = cluster.fork();
    const link = this.#link(worker);
    this.#links.set(worker.id, link);
    worker.on('exit', (code, signal) => {
      this.#links.delete(worker.id);
      link.rpc.close();
      this.#died(link, signal === null ? `exit code ${code}` : `signal ${signal}`);
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

  #died(link: WorkerLink, description: string): void {
    if (this.#stopping) {
      this.#parts.onExit(link, description, false);
      return;
    }
    const now = this.#parts.clock.steady();
    this.#deaths.push(now);
    while (now - this.#deaths[0]! > CRASH_WINDOW_MS) this.#deaths.shift();
    if (this.#deaths.length > CRASH_LIMIT + this.#parts.workers) {
      this.#parts.onExit(link, description, false);
      this.#parts.onCrashLoop(
        `${this.#deaths.length} worker processes died within ${CRASH_WINDOW_MS / 1000} s (last: ${description}); giving up. The log above says why they died.`,
      );
      return;
    }
    this.#parts.onExit(link, description, true);
    const timer = setTimeout(
      () => this.#stopping || this.#fork(),
      Math.min(
        MAX_RESTART_DELAY_MS,
        RESTART_DELAY_MS * 2 ** Math.max(0, this.#deaths.length - this.#parts.workers),
      ),
    );
    timer.unref();
  }
}
