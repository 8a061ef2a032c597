import type { Entry, EntryHead } from '../../src/tiers/entry.js';
import { MemoryTier } from '../../src/tiers/memory.js';
import type { RemoteTier } from '../../src/tiers/stack.js';
import type { ListPage, ListQuery, SetResult, TierStats } from '../../src/tiers/tier.js';

/** What is wrong with a fake remote tier: it refuses at once, takes no writes, or answers nothing until released. */
export type Fault = 'none' | 'refuses' | 'read-only' | 'hangs';

/** A remote tier in memory whose trouble a test chooses. Counts what it was asked. */
export class FakeRemoteTier implements RemoteTier {
  readonly name = 'redis';
  readonly sorted = true;
  fault: Fault = 'none';
  reads = 0;
  writes = 0;
  pings = 0;
  readonly #held = new MemoryTier({ maxBytes: 16 * 1024 * 1024 });
  #errors = 0;
  #hanging: (() => void)[] = [];

  /** Lets every call that hangs fail, as its deadline would. */
  release(): void {
    for (const go of this.#hanging.splice(0)) go();
  }

  async read(key: string): Promise<Entry | undefined> {
    this.reads++;
    if (this.fault !== 'none' && this.fault !== 'read-only') await this.#fail('read');
    return this.#held.get(key);
  }

  async write(entry: Entry): Promise<SetResult> {
    this.writes++;
    if (this.fault !== 'none') await this.#fail('write');
    return this.#held.setNow(entry);
  }

  async ping(): Promise<void> {
    this.pings++;
    if (this.fault !== 'none') await this.#fail('ping');
  }

  async measure(): Promise<void> {}

  get(key: string): Promise<Entry | undefined> {
    return this.read(key).catch(() => undefined);
  }

  set(entry: Entry): Promise<SetResult> {
    return this.write(entry).catch(() => 'failed');
  }

  async delete(key: string): Promise<boolean> {
    return this.fault === 'none' && this.#held.deleteNow(key);
  }

  async list(query: ListQuery): Promise<ListPage> {
    const { rows, next } = await this.#held.list(query);
    return { rows: rows.map((row) => ({ ...row, tier: this.name })), next };
  }

  async clear(): Promise<number> {
    return this.fault === 'none' ? this.#held.clear() : 0;
  }

  async sweep(dead: (head: EntryHead) => boolean): Promise<number> {
    return this.fault === 'none' ? this.#held.sweep(dead) : 0;
  }

  stats(): TierStats {
    return { ...this.#held.stats(), errors: this.#errors };
  }

  close(): Promise<void> {
    return this.#held.close();
  }

  async #fail(what: string): Promise<never> {
    const { fault } = this;
    if (fault === 'hangs') await new Promise<void>((resolve) => this.#hanging.push(resolve));
    if (what !== 'ping') this.#errors++;
    throw new Error(`fake redis ${what}: ${fault}`);
  }
}
