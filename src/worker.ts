import { Brake } from './admin/brake.js';
import { systemClock } from './clock.js';
import { HubClient } from './cluster/hub-client.js';
import { HubConnector } from './cluster/hub-socket.js';
import { MEMBER_METHODS } from './cluster/local-member.js';
import { remoteManagement } from './cluster/remote-management.js';
import { type Handlers, Rpc } from './cluster/rpc.js';
import { openWorker } from './compose.js';
import type { Joining } from './compose-jobs.js';
import { logOf } from './compose-log.js';
import type { Config } from './config/config.js';
import { LiveConfig } from './config/live.js';
import { type Listening, listen } from './serve.js';

/** What the core tells a worker when it says hello. */
export interface Welcome {
  readonly number: number;
  readonly config: Config;
  readonly hubPath: string;
}

/** What it tells when the worker joins. */
export interface Joined extends Joining {
  /** It may have changed since hello. */
  readonly config: Config;
}

/** Longest to wait for the core at the start, ms. */
const HELLO_DEADLINE_MS = 10_000;
/** Management calls of a client cross to the core and may ask every worker and peer, ms. */
const MANAGE_DEADLINE_MS = 15_000;

/** Reading all purges again after Redis was away, ms. */
const RESYNC_DEADLINE_MS = 10_000;
/** Having the core's socket opened anew, ms; a client waits for it. */
const HUB_DEADLINE_MS = 2000;
/** A client waits for it, ms. */
const GRANT_DEADLINE_MS = 1000;

/** A worker process: answers clients from memory and disk, asks the core for everything else (docs/adr/0001). */
export async function runWorker(): Promise<void> {
  const handlers: Record<string, Handlers[string]> = {};
  const rpc = new Rpc(
    {
      send: (message) => process.connected && process.send?.(message, undefined, {}, () => {}),
      onMessage: (listener) => process.on('message', listener),
    },
    handlers,
  );
  // Without the core nothing is bounded, collapsed or purged any more.
  process.on('disconnect', () => process.exit(1));
  // A terminal sends its signals to every process of the group; the core decides when a worker drains.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => {});
  process.on('SIGHUP', () => {});

  let listening: Listening | undefined;
  handlers.drain = async () => {
    await listening?.drain();
    process.disconnect?.();
    process.exit(0);
  };
  const { number, config, hubPath } = await rpc.call<Welcome>('hello', [], HELLO_DEADLINE_MS);
  const live = new LiveConfig(config);
  const log = logOf(live, number);
  const management = remoteManagement((method, args) =>
    rpc.call('manage', [method, args], MANAGE_DEADLINE_MS),
  );
  const brake = new Brake(systemClock, (client, right) => rpc.tell('keyShown', [client, right]));
  handlers.keyShown = brake.note.bind(brake) as Handlers[string];
  const serving = await openWorker({
    config,
    live,
    log,
    number,
    fetcher: new HubClient(
      new HubConnector(hubPath, (lost) => rpc.call('hub', [lost], HUB_DEADLINE_MS), systemClock),
    ),
    onTouch: (keys) => rpc.tell('touch', [keys]),
    resync: () => rpc.call('resync', [], RESYNC_DEADLINE_MS),
    grant: (ask) => rpc.call('grant', [ask], GRANT_DEADLINE_MS),
  });
  const { member } = serving;
  for (const method of MEMBER_METHODS) handlers[method] = member[method].bind(member) as Handlers[string];
  // From here on the core tells this process of every purge and of new keys; the answer holds those before.
  const joined = await rpc.call<Joined>('join', [], HELLO_DEADLINE_MS);
  const { rules, cover, keys } = joined;
  live.become(joined.config);
  await member.apply(rules);
  if (cover !== undefined) member.cover(cover);
  if (keys !== undefined) await member.tenants(keys);
  try {
    listening = await listen({ config, live, serving, management, brake, log });
    rpc.tell('ready', [listening.addresses]);
  } catch (thrown) {
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    // Told once, by the core: each worker has met the same.
    await rpc.call('fatal', [message], HELLO_DEADLINE_MS).catch(() => {});
    process.exit(1);
  }
}
