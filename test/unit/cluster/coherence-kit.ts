import type { Flights } from '../../../src/cache/flight.js';
import { type PurgeRule, PurgeTable } from '../../../src/cache/purge-table.js';
import type { Clock } from '../../../src/clock.js';
import { Coherence } from '../../../src/cluster/coherence.js';
import { Purger } from '../../../src/cluster/purger.js';
import type { Bell, BellHandlers } from '../../../src/redis/bell.js';
import type { LogReading, LogRule, PurgeLog, Raised } from '../../../src/redis/purge-log.js';
import { RedisTrouble } from '../../../src/redis/trouble.js';
import type { DurableArea } from '../../../src/tiers/disk-types.js';
import { type FakeClock, settle } from '../../support/fake-clock.js';

/** `hang`: what was asked is done, and no answer comes within the deadline. */
export type Reach = 'ok' | 'cut' | 'hang';
const DEADLINE_MS = 500;

interface Data {
  clock: number;
  rules: Map<string, number>;
  era: string;
  run: string;
}

/** Redis as Coherence sees it: one clock and its rules. Every other server's time is half a second behind. */
export class FakeRedis {
  #data: Data | undefined;
  #history: (Data | undefined)[] = [];
  #server = 1;
  /** How many writes there were before this server's. */
  #tookOver = 0;
  /** Nobody answers while another server takes over. */
  down = false;
  #heard = new Set<(text: string) => void>();
  /** How long a message takes to each listener, ms; a message may be lost ([]) or come twice. */
  delays: () => readonly number[] = () => [0];

  constructor(readonly clock: FakeClock) {}

  get data(): Data | undefined {
    return this.#data;
  }

  /**
   * A replica takes over that lacks up to `lostWrites` writes. The first write of the server before is not among them: its leap is
   * known to somebody else (ADR 0004: what is left to chance).
   */
  failover(lostWrites: number): void {
    const first = Math.min(this.#tookOver + 1, this.#history.length);
    const kept = Math.max(first, this.#history.length - lostWrites);
    if (kept < this.#history.length) this.#data = copy(this.#history[kept]);
    this.#history.length = kept;
    this.#tookOver = kept;
    this.#server++;
  }

  wipe(): void {
    this.#data = undefined;
    this.#history = [];
    this.#tookOver = 0;
    this.#server++;
  }

  #time(): number {
    return this.clock.now() - (this.#server % 2) * 500;
  }

  listen(hear: (text: string) => void): () => void {
    this.#heard.add(hear);
    return () => this.#heard.delete(hear);
  }

  publish(text: string): void {
    for (const hear of this.#heard)
      for (const delay of this.delays()) this.clock.after(delay, () => hear(text));
  }

  read(above: number): LogReading | 'lost' {
    if (this.#data === undefined) return 'lost';
    const { clock, era, rules } = this.#data;
    const found = [...rules].map(([member, seq]) => ({ member, seq })).filter(({ seq }) => seq > above);
    return { clock, era, run: `s${this.#server}`, rules: found.sort((a, b) => a.seq - b.seq) };
  }

  raise(members: readonly string[], floor: number, node: string): Raised | 'lost' {
    const data = this.#write();
    if (data === undefined) return 'lost';
    const prev = data.clock;
    const seq = Math.max(prev + 1, floor + 1, this.#time());
    data.clock = seq;
    for (const member of members) data.rules.set(member, seq);
    const { era, run } = data;
    this.publish(JSON.stringify({ seq: String(seq), prev: String(prev), era, run, node, members }));
    return { seq, prev, era, run };
  }

  merge(rules: readonly LogRule[], floor: number, node: string): Raised | 'lost' {
    const data = this.#write();
    if (data === undefined) return 'lost';
    const missing = rules.filter(({ member, seq }) => (data.rules.get(member) ?? -1) < seq);
    if (missing.length === 0) return { seq: data.clock, prev: data.clock, era: data.era, run: data.run };
    return this.raise(
      missing.map(({ member }) => member),
      floor,
      node,
    );
  }

  found(era: string, rules: readonly LogRule[], floor: number, purgeAll: boolean): boolean {
    if (this.#data !== undefined) return false;
    const clock = Math.max(floor, this.#time(), ...rules.map(({ seq }) => seq)) + 86_400_000;
    this.#data = {
      clock,
      era,
      run: `s${this.#server}`,
      rules: new Map(rules.map(({ member, seq }) => [member, seq])),
    };
    if (purgeAll) this.#data.rules.set('h|all', clock);
    return true;
  }

  #write(): Data | undefined {
    this.#history.push(copy(this.#data));
    const data = this.#data;
    if (data !== undefined && data.run !== `s${this.#server}`) {
      data.run = `s${this.#server}`;
      data.clock = Math.max(data.clock, this.#time()) + 600_000;
    }
    return data;
  }
}

function copy(data: Data | undefined): Data | undefined {
  return data && { ...data, rules: new Map(data.rules) };
}

/** What of a node outlives its process. */
export class FakeDisk {
  readonly rules = new Map<string, Buffer>();
}

/** One core process: its own table, durable areas, purger and coherence. */
export class FakeNode {
  readonly table = new PurgeTable();
  readonly purger: Purger;
  readonly coherence: Coherence;
  readonly detached: number[] = [];
  readonly told: number[] = [];
  readonly errors: unknown[] = [];
  readonly changes: string[] = [];
  reach: Reach = 'ok';
  others = 0;
  #alive = true;
  #deaf = () => {};

  constructor(
    readonly name: string,
    readonly redis: FakeRedis,
    readonly disk: FakeDisk,
    skewMs = 0,
  ) {
    const { clock: base } = redis;
    const clock: Clock = {
      ...base,
      now: () => base.now() + skewMs,
      after: (ms, task) => base.after(ms, task),
    };
    this.purger = new Purger({
      table: this.table,
      flights: {
        detach: (rules: readonly PurgeRule[]) => this.detached.push(Math.max(...rules.map(({ seq }) => seq))),
      } as unknown as Flights,
      durable: this.#area(disk.rules),
      followers: () => [
        { apply: async (rules) => void this.told.push(...rules.map(({ seq }) => seq)), evict: () => {} },
      ],
      sweep: async () => 0,
      clock,
      onError: (error) => this.errors.push(error),
    });
    this.purger.load();
    this.coherence = new Coherence({
      node: name,
      log: this.#log(),
      bell: this.#bell(),
      apply: (rules) => this.purger.apply(rules),
      table: this.table,
      others: () => this.others,
      clock,
      onChange: (state) => this.changes.push(state),
      onError: (error) => this.errors.push(error),
    });
  }

  /** The process is gone: nothing it still does has an effect. */
  crash(): void {
    this.#alive = false;
    this.#deaf();
    void this.coherence.close();
  }

  #area(map: Map<string, Buffer>): DurableArea {
    return {
      get: (key) => map.get(key),
      put: async (key, value) => void (this.#alive && map.set(key, value)),
      remove: async (key) => void (this.#alive && map.delete(key)),
      entries: () => [...map].sort(([a], [b]) => (a < b ? -1 : 1)),
    };
  }

  async #ask<T>(question: () => T): Promise<T> {
    const unreachable = new RedisTrouble('unreachable', 'redis: cut off');
    if (!this.#alive || this.reach === 'cut' || this.redis.down) throw unreachable;
    const answer = question();
    if (this.reach === 'ok') return answer;
    return new Promise((_, reject) => {
      this.redis.clock.after(DEADLINE_MS, () => reject(new RedisTrouble('deadline', 'redis: no answer')));
    });
  }

  #log(): PurgeLog {
    return {
      read: (above) => this.#ask(() => this.redis.read(above)),
      raise: (members, floor) => this.#ask(() => this.redis.raise(members, floor, this.name)),
      merge: (rules, floor) => this.#ask(() => this.redis.merge(rules, floor, this.name)),
      found: (era, rules, floor, all) => this.#ask(() => this.redis.found(era, rules, floor, all)),
    };
  }

  #bell(): Bell {
    return {
      open: ({ onMessage }: BellHandlers) => {
        this.#deaf = this.redis.listen((text) => this.reach === 'ok' && onMessage(text));
      },
      ring: (text) => this.#ask(() => this.redis.publish(text)),
      close: async () => this.#deaf(),
    };
  }
}

/** Moves time on in steps small enough that what is done in between happens at its time. */
export async function pass(clock: FakeClock, ms: number, step = 50): Promise<void> {
  for (let left = ms; left > 0; left -= step) {
    clock.advance(Math.min(step, left));
    await settle(2);
  }
}
