import { Brake } from './admin/brake.js';
import { systemClock } from './clock.js';
import { HubSocket } from './cluster/hub-socket.js';
import { manage } from './cluster/remote-management.js';
import { RemoteMember } from './cluster/remote-member.js';
import { Supervisor, type WorkerLink } from './cluster/supervisor.js';
import type { Basis } from './compose.js';
import { type Core, openCore } from './compose-core.js';
import type { CoreOptions } from './core-options.js';
import { ProxyError } from './errors.js';
import type { Logger } from './observe/log.js';
import { type Addresses, listen } from './serve.js';
import type { GrantAsk } from './tenants/tenant.js';
import type { Joined, Welcome } from './worker.js';

/** A node that answers clients. */
export interface RunningNode {
  readonly addresses: Addresses;
  /** Not ready → requests in flight finish → stores flushed. Resolves when everything is closed. */
  stop(): Promise<void>;
  /** Reads the configuration again; what comes of it is in the log. Never rejects. */
  reload(): Promise<void>;
  /** Ends worker processes at once, for a second signal. */
  abandon(): void;
}

export interface NodeOptions extends Basis, Pick<CoreOptions, 'loaded' | 'reread'> {
  /** The node can't go on (workers die again and again): say the message and end. */
  readonly onFatal: (message: string) => void;
}

/** Starts one process or a core with workers, as `WORKERS` says. Rejects when it can't serve. */
export function startNode(options: NodeOptions): Promise<RunningNode> {
  return options.config.server.workers > 1 ? startMany(options) : startAlone(options);
}

async function startAlone(options: NodeOptions): Promise<RunningNode> {
  let draining = false;
  const core = await openCore({ ...options, alone: true, workers: () => [], draining: () => draining });
  const { config, live, log } = options;
  try {
    const serving = core.serving!;
    const listening = await listen({
      config,
      live,
      log,
      serving,
      management: core.management,
      brake: new Brake(systemClock),
    });
    core.jobs.answers(serving.member);
    return {
      addresses: listening.addresses,
      reload: () => reload(core, log),
      stop: async () => {
        draining = true;
        await core.jobs.closing();
        await listening.drain();
        await core.close();
      },
      abandon: () => {},
    };
  } catch (error) {
    await core.close();
    throw error;
  }
}

async function startMany(options: NodeOptions): Promise<RunningNode> {
  const { config, live, log, onFatal } = options;
  const members = new Map<number, RemoteMember>();
  let draining = false;
  const core = await openCore({
    ...options,
    alone: false,
    workers: () => [...members.values()],
    draining: () => draining,
  });
  const hub = await HubSocket.open(config.cache.dir, core.hub, (path) =>
    log.error({ path }, 'the socket between core and workers was gone: opened again'),
  );

  return new Promise<RunningNode>((resolve, reject) => {
    let state: 'starting' | 'serving' | 'failed' = 'starting';
    const fail = (message: string) => {
      if (state === 'serving') return onFatal(message);
      // Another worker has met the same; what was opened is being closed.
      if (state === 'failed') return;
      state = 'failed';
      const done = () => reject(new Error(message));
      stop().then(done, done);
    };
    const ready = new Map<number, Addresses>();
    const supervisor = new Supervisor({
      workers: config.server.workers,
      clock: systemClock,
      handlers: (link) => ({
        hello: (): Welcome => ({ number: link.id, config: live.config, hubPath: hub.path }),
        join: (): Joined => {
          members.set(link.id, remoteMember(link));
          return { ...core.jobs.joining(), config: live.config };
        },
        ready: (addresses: Addresses) => {
          ready.set(link.id, addresses);
          const member = members.get(link.id);
          if (member !== undefined) {
            member.listens = true;
            core.jobs.answers(member);
          }
          if (state !== 'starting' || ready.size < config.server.workers) return;
          state = 'serving';
          const abandon = () => supervisor.killAll();
          resolve({ addresses, stop, reload: () => reload(core, log), abandon });
        },
        fatal: (message: string) => fail(message),
        touch: (keys: string[]) => core.disk.touch(keys),
        resync: () => core.resync(),
        hub: (lost: string) => hub.renew(lost),
        grant: (ask: GrantAsk) => core.jobs.grant(ask),
        keyShown: (client: string, right: boolean) => {
          for (const other of supervisor.links())
            if (other !== link) other.rpc.tell('keyShown', [client, right]);
        },
        manage: (method: string, args: unknown[]) => manage(core.management, method, args),
      }),
      onExit: ({ id, pid }, description, willRestart) => {
        members.delete(id);
        ready.delete(id);
        if (draining) log.info({ worker: id, pid }, 'worker stopped');
        else log.error({ worker: id, pid, willRestart }, `worker ended with ${description}`);
      },
      onCrashLoop: fail,
    });
    const remoteMember = (link: WorkerLink) =>
      new RemoteMember(link, (reason) =>
        log.error({ worker: link.id, pid: link.pid }, `worker is ended: ${reason}`),
      );
    const stop = async () => {
      draining = true;
      const { shutdownDelayMs, shutdownTimeoutMs } = config.server;
      await core.jobs.closing();
      await supervisor.stop(shutdownDelayMs + shutdownTimeoutMs + STOP_GRACE_MS);
      hub.close();
      await core.close();
    };
    supervisor.start();
  });
}

async function reload({ management }: Core, log: Logger): Promise<void> {
  await management.reload().catch((err) => {
    const isTold = err instanceof ProxyError && err.code === 'config_invalid';
    if (!isTold) log.error({ err }, 'the configuration could not be read again');
  });
}

/** What a worker may need beyond its own deadlines before it is ended, ms. */
const STOP_GRACE_MS = 2000;
