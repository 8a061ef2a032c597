import { Redis } from 'ioredis';
import type { Clock } from '../clock.js';
import { within } from '../deadline.js';
import { type RedisAddress, type RedisSettings, singleOptions } from './options.js';
import { asTrouble } from './trouble.js';

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** What one server said when asked directly. */
export type Probe =
  | { readonly reachable: true; readonly ms: number; readonly replies: readonly unknown[] }
  /** `detail` holds no secret. */
  | { readonly reachable: false; readonly detail: string };

export interface ProbeContext {
  readonly address: RedisAddress;
  readonly settings: RedisSettings;
  readonly clock: Clock;
  readonly deadlineMs: number;
}

export type Command = readonly [name: string, ...args: string[]];

/**
 * Asks one server over a connection of its own, whatever the client's pool thinks of it: a pool forgets failed nodes and
 * reaches replicas only when it must. `ms` is the time of a PING once connected. Never rejects, ends at the deadline.
 */
export async function probe(
  context: ProbeContext,
  place: Place,
  commands: readonly Command[],
  sentinel = false,
): Promise<Probe> {
  const { address, settings, clock, deadlineMs } = context;
  const login = sentinel ? { username: undefined, password: undefined } : {};
  const single: RedisAddress = { ...address, ...login, mode: 'standalone', nodes: [mapped(address, place)] };
  const client = new Redis({
    ...singleOptions({ ...single, db: 0 }, settings, clock.random),
    retryStrategy: () => null,
    commandTimeout: deadlineMs,
    // LOADING is an answer, not a reason to wait.
    enableReadyCheck: false,
  });
  let reason: unknown;
  client.on('error', (error: unknown) => {
    reason ??= error;
  });
  const late = (): Probe => ({ reachable: false, detail: `no answer within ${deadlineMs} ms` });
  try {
    return await within(clock, deadlineMs, ask(client, commands, clock), late);
  } catch (error) {
    // A connection that ends says only that; why it did came before, as an event.
    return { reachable: false, detail: asTrouble('probe', reason ?? error).reason };
  } finally {
    client.disconnect();
  }
}

async function ask(client: Redis, commands: readonly Command[], clock: Clock): Promise<Probe> {
  await client.connect();
  const began = clock.steady();
  await client.ping();
  const ms = Math.max(0, clock.steady() - began);
  const replies = await Promise.all(commands.map(([name, ...args]) => client.call(name, ...args)));
  return { reachable: true, ms, replies };
}

/** Where an announced address is reached from here. */
export function mapped(address: RedisAddress, place: Place): Place {
  const { natMap } = address;
  const name = nameOf(place);
  const found = typeof natMap === 'function' ? natMap(name) : natMap?.[name];
  return found ?? place;
}

/** `host:port`, as people write it. */
export function nameOf({ host, port }: Place): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
