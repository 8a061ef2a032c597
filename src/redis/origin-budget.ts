import type { Clock } from '../clock.js';
import { isCount } from './answers.js';
import type { RedisKeys } from './keys.js';
import type { RedisLink, Script } from './link.js';
import { type ConnectionAnswer, RENEW, type RunScript, SharedConnections } from './shared-connections.js';
import { SharedMode } from './shared-mode.js';
import { SharedRate, type SharePriority } from './shared-rate.js';

export interface OriginBudgetOptions {
  /** A link of its own or the control link; nothing large may run on it. */
  readonly link: Pick<RedisLink, 'run'>;
  readonly keys: RedisKeys;
  readonly clock: Clock;
  /** As configured, for all nodes together. `rate` per second, null = none; `maxConnections` per server. */
  readonly groups: readonly {
    readonly name: string;
    readonly rate: number | null;
    readonly maxConnections: number;
  }[];
  /** Tells this process from every other one, also from its predecessor under the same SERVER_ID. */
  readonly instance: string;
  /** Living nodes last known, this one included (NodeRegistry.count). */
  readonly nodes: () => number;
  /** Upper bound of one call, ms. Default 250. */
  readonly deadlineMs?: number;
  /** false: Redis is away, this node keeps to its equal share; true: it is back. Said once each. */
  readonly onChange?: (shared: boolean) => void;
}

/** KEYS hold; ARGV ms. A shorter hold never shortens a longer one. */
const HOLD: Script = {
  name: 'tmdbpBudgetHold',
  keys: 1,
  isAnswer: isCount,
  lua: `
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[1]) then redis.call('SET', KEYS[1], '1', 'PX', ARGV[1]) end
return 1
`,
};

const DEADLINE_MS = 250;
/** Between two renewals of leases, and two looks whether Redis is back, ms; a random quarter more. */
const TICK_MS = 1000;

/**
 * The origin budget of all nodes (I-15), kept in Redis: rate per group, connections per server. Every call has a
 * deadline (I-14); the first that fails makes this node keep to `budget / nodes` until a background look finds Redis
 * again, so no request waits for a dead Redis twice. Nodes' clocks are never compared (I-13). Implements
 * `SharedBudget` (origin/shared-budget.ts).
 *
 * What it cannot know: while only some nodes are cut off from Redis, the others do not see their shares used, so that
 * together they may send up to `(nodes cut off) / nodes` of the budget more.
 */
export class RedisOriginBudget {
  readonly #options: OriginBudgetOptions;
  readonly #mode: SharedMode;
  #groups: OriginBudgetOptions['groups'];
  readonly #rates = new Map<string, { readonly rate: number; readonly shared: SharedRate }>();
  readonly #connections = new Map<string, SharedConnections>();
  /** Holds this node knows of itself, by its own clock, ms: they count while nothing is shared. */
  readonly #heldUntil = new Map<string, number>();
  #cancelTick: (() => void) | undefined;
  #stopped = false;

  constructor(options: OriginBudgetOptions) {
    this.#options = options;
    const { clock, groups, nodes, onChange = () => {} } = options;
    this.#mode = new SharedMode(clock, nodes, onChange);
    this.#groups = groups;
    this.#setRates();
  }

  /** Other limits from now on. Nodes that have not heard of them yet go by their own, in the same windows. */
  retune(groups: OriginBudgetOptions['groups']): void {
    this.#groups = groups;
    this.#setRates();
    for (const [id, connections] of this.#connections) connections.retune(this.#mostOf(id.split(':', 1)[0]!));
  }

  #setRates(): void {
    const { keys } = this.#options;
    for (const { name, rate } of this.#groups) {
      if (rate === this.#rates.get(name)?.rate) continue; // it keeps what it has counted
      this.#rates.delete(name);
      if (rate === null) continue;
      const key = keys.bus(`rate:${name}`);
      const common = { mode: this.#mode, run: this.#run, holdKey: this.#holdKey(name) };
      this.#rates.set(name, { rate, shared: new SharedRate({ rate, key, ...common }) });
    }
  }

  #mostOf(upstream: string): number {
    const configured = this.#groups.find(({ name }) => name === upstream)?.maxConnections ?? 1;
    return Math.max(1, Math.floor(configured));
  }

  /** Begins to renew leases. */
  start(): void {
    const { clock } = this.#options;
    const next = () => {
      if (this.#stopped) return;
      this.#cancelTick = clock.after(TICK_MS * (1 + clock.random() / 4), () => void this.#tick().then(next));
    };
    next();
  }

  /** What is still in flight is free for the others when its lease ends. */
  stop(): void {
    this.#stopped = true;
    this.#cancelTick?.();
  }

  async attempt(request: {
    readonly upstream: string;
    readonly server: string;
    readonly priority: SharePriority;
  }): Promise<ConnectionAnswer> {
    const { upstream, server, priority } = request;
    const held = this.#held(upstream);
    if (held > 0) return { kind: 'wait', why: 'held', ms: held };
    const connection = await this.#connectionsOf(upstream, server).take(priority);
    if (connection.kind === 'wait') return connection;
    const ms = (await this.#rates.get(upstream)?.shared.take(priority)) ?? 0;
    if (ms === 0) return connection;
    connection.leave();
    return { kind: 'wait', why: 'busy', ms };
  }

  /** Nobody enters for `ms`: here at once, elsewhere as soon as they ask. */
  hold(upstream: string, ms: number): void {
    if (!(ms > 0)) return;
    const until = this.#options.clock.steady() + ms;
    this.#heldUntil.set(upstream, Math.max(until, this.#heldUntil.get(upstream) ?? 0));
    // Noted by `run`; the other nodes hear it from the origin itself.
    if (this.#mode.shared) this.#run(HOLD, [this.#holdKey(upstream)], [Math.ceil(ms)]).catch(() => {});
  }

  status(upstream: string, server: string) {
    const { shared, nodes } = this.#mode;
    return { shared, nodes, in_use: this.#connections.get(`${upstream}:${server}`)?.used ?? 0 };
  }

  async #tick(): Promise<void> {
    const returning = this.#mode.mayReturn;
    if (!returning && !this.#mode.shared) return;
    const lanes = [...this.#connections.values()].filter(({ mine }) => returning || mine > 0);
    try {
      // Everything in flight is counted in Redis before it is asked again.
      if (lanes.length === 0) await this.#run(RENEW, [this.#options.keys.bus('connections')], [0]);
      await Promise.all(lanes.map((lane) => lane.renew()));
      this.#mode.returned();
    } catch {
      // Noted by `run`: looked again at the next tick.
    }
  }

  readonly #run: RunScript = async (script, keys, args) => {
    try {
      return await this.#options.link.run(script, keys, args, this.#options.deadlineMs ?? DEADLINE_MS);
    } catch (error) {
      this.#mode.lost();
      throw error;
    }
  };

  #held(upstream: string): number {
    return Math.max(0, (this.#heldUntil.get(upstream) ?? 0) - this.#options.clock.steady());
  }

  #holdKey(upstream: string): string {
    return this.#options.keys.bus(`hold:${upstream}`);
  }

  #connectionsOf(upstream: string, server: string): SharedConnections {
    const id = `${upstream}:${server}`;
    const known = this.#connections.get(id);
    if (known !== undefined) return known;
    const { keys, instance } = this.#options;
    const made = new SharedConnections({
      max: this.#mostOf(upstream),
      key: keys.bus(`connections:${id}`),
      holdKey: this.#holdKey(upstream),
      mode: this.#mode,
      instance,
      run: this.#run,
    });
    this.#connections.set(id, made);
    return made;
  }
}
