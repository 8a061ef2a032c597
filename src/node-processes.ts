import { systemClock } from './clock.js';
import { HubSocket } from './cluster/hub-socket.js';
import { manage } from './cluster/remote-management.js';
import { RemoteMember } from './cluster/remote-member.js';
import type { Handlers } from './cluster/rpc.js';
import { Supervisor, type WorkerLink, type WorkerName } from './cluster/supervisor.js';
import { type Core, openCore } from './compose-core.js';
import { type NodeOptions, type RunningNode, reload } from './running-node.js';
import type { Addresses } from './serve.js';
import type { GrantAsk } from './tenants/tenant.js';
import type { Joined, Welcome } from './worker.js';

/** What a worker may need beyond its own deadlines before it is ended, ms. */
const STOP_GRACE_MS = 2000;

/** What the core has to know of its workers. */
interface Crew {
  readonly members: Map<number, RemoteMember>;
  draining: boolean;
}

/** Starts a core with workers. Rejects when they can't serve. */
export async function startMany(options: NodeOptions): Promise<RunningNode> {
  const { config, log } = options;
  const crew: Crew = { members: new Map(), draining: false };
  const core = await openCore({
    ...options,
    alone: false,
    workers: () => [...crew.members.values()],
    draining: () => crew.draining,
  });
  const hub = await HubSocket.open(config.cache.dir, core.hub, (path) =>
    log.error({ path }, 'the socket between core and workers was gone: opened again'),
  );
  return new ManyProcesses(options, core, hub, crew).start();
}

/** The core, which is this process, and its workers: what each of them may ask, and when enough of them listen. */
class ManyProcesses {
  readonly #options: NodeOptions;
  readonly #core: Core;
  readonly #hub: HubSocket;
  readonly #crew: Crew;
  readonly #supervisor: Supervisor;
  readonly #listening = new Set<number>();
  #state: 'starting' | 'serving' | 'failed' = 'starting';
  #resolve: (node: RunningNode) => void = () => {};
  #reject: (error: Error) => void = () => {};

  constructor(options: NodeOptions, core: Core, hub: HubSocket, crew: Crew) {
    this.#options = options;
    this.#core = core;
    this.#hub = hub;
    this.#crew = crew;
    this.#supervisor = new Supervisor({
      workers: options.config.server.workers,
      clock: systemClock,
      handlers: (link) => this.#handlers(link),
      onExit: (worker, description, willRestart) => this.#exited(worker, description, willRestart),
      onCrashLoop: (message) => this.#fail(message),
    });
  }

  /** Resolves when every worker listens. */
  start(): Promise<RunningNode> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#supervisor.start();
    });
  }

  /** What this worker may ask of the core. */
  #handlers(link: WorkerLink): Handlers {
    const [core, hub] = [this.#core, this.#hub];
    const { live } = this.#options;
    return {
      hello: (): Welcome => ({ number: link.id, config: live.config, hubPath: hub.path }),
      join: (): Joined => {
        this.#crew.members.set(link.id, this.#memberOf(link));
        return { ...core.jobs.joining(), config: live.config };
      },
      ready: (addresses: Addresses) => this.#ready(link.id, addresses),
      fatal: (message: string) => this.#fail(message),
      touch: (keys: string[]) => core.disk.touch(keys),
      resync: () => core.resync(),
      hub: (lost: string) => hub.renew(lost),
      grant: (ask: GrantAsk) => core.jobs.grant(ask),
      keyShown: (client: string, right: boolean) => {
        for (const other of this.#supervisor.links())
          if (other !== link) other.rpc.tell('keyShown', [client, right]);
      },
      manage: (method: string, args: unknown[]) => manage(core.management, method, args),
    };
  }

  #memberOf(link: WorkerLink): RemoteMember {
    return new RemoteMember(link, (reason) =>
      this.#options.log.error({ worker: link.id, pid: link.pid }, `worker is ended: ${reason}`),
    );
  }

  #ready(worker: number, addresses: Addresses): void {
    this.#listening.add(worker);
    const member = this.#crew.members.get(worker);
    if (member !== undefined) {
      member.listens = true;
      this.#core.jobs.answers(member);
    }
    if (this.#state !== 'starting' || this.#listening.size < this.#options.config.server.workers) return;
    this.#state = 'serving';
    this.#resolve({
      addresses,
      stop: () => this.#stop(),
      reload: () => reload(this.#core, this.#options.log),
      abandon: () => this.#supervisor.killAll(),
    });
  }

  #exited({ id, pid }: WorkerName, description: string, willRestart: boolean): void {
    const { log } = this.#options;
    this.#crew.members.delete(id);
    this.#listening.delete(id);
    if (this.#crew.draining) log.info({ worker: id, pid }, 'worker stopped');
    else log.error({ worker: id, pid, willRestart }, `worker ended with ${description}`);
  }

  #fail(message: string): void {
    if (this.#state === 'serving') {
      this.#options.onFatal(message);
      return;
    }
    // Another worker has met the same; what was opened is being closed.
    if (this.#state === 'failed') return;
    this.#state = 'failed';
    const done = () => this.#reject(new Error(message));
    this.#stop().then(done, done);
  }

  async #stop(): Promise<void> {
    this.#crew.draining = true;
    const { shutdownDelayMs, shutdownTimeoutMs } = this.#options.config.server;
    await this.#core.jobs.closing();
    await this.#supervisor.stop(shutdownDelayMs + shutdownTimeoutMs + STOP_GRACE_MS);
    this.#hub.close();
    await this.#core.close();
  }
}
