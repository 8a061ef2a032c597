import type { EntryHead } from '../tiers/entry.js';

/**
 * What a purge names. `path` is a key without its query: every variant of one address. Scopes are compared as plain
 * strings, never as patterns.
 */
export type PurgeScope =
  | { readonly kind: 'all' }
  | { readonly kind: 'class' | 'tag' | 'key' | 'path' | 'prefix'; readonly name: string };

/** One purge as every node and the durable store know it. */
export interface PurgeRule {
  readonly scope: PurgeScope;
  /** Hard: never served again, not even on error. Soft: stale from `at` on. (I-5: kept in separate maps.) */
  readonly soft: boolean;
  /** Reading of the purge clock; larger is later. */
  readonly seq: number;
  /** When this machine learnt of it, ms; only soft rules use it. */
  readonly at: number;
}

export type PurgeVerdict = 'valid' | 'purged' | { readonly staleSince: number };

/** More rules than this fold the oldest into `all`: it costs misses, never a wrong hit, and bounds memory (I-17). */
const MAX_RULES = 100_000;
/** Prefix rules are compared one by one, so fewer of them are affordable. */
const MAX_PREFIX_RULES = 500;

/**
 * The purge clock and the latest purge of every scope. A fill notes `stamp()` before its first await; whoever reads
 * the entry later asks `judge`. A rule with a higher number than the entry's stamp applies, so a write that lands
 * after the purge is as harmless as one before it (I-2), and tags found in the body need no foresight (ADR 0002).
 */
export class PurgeTable {
  #seq: number;
  #version = 1;
  readonly #hard = new Map<string, PurgeRule>();
  readonly #soft = new Map<string, PurgeRule>();
  readonly #prefixes = new Map<string, PurgeRule>();

  constructor(seq = 0) {
    this.#seq = seq;
  }

  /** Reading of the clock, for a fill that begins now. */
  stamp(): number {
    return this.#seq;
  }

  /** Changes with every rule; an entry judged valid at this version needs no second look. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#hard.size + this.#soft.size + this.#prefixes.size;
  }

  /** Takes a rule in; rules that are older than what is known of the same scope change nothing (I-4, I-16). */
  apply(rule: PurgeRule): void {
    this.#seq = Math.max(this.#seq, rule.seq);
    const id = scopeId(rule.scope);
    const map = rule.scope.kind === 'prefix' ? this.#prefixes : rule.soft ? this.#soft : this.#hard;
    const slot = rule.scope.kind === 'prefix' ? `${rule.soft ? 's' : 'h'}${id}` : id;
    const known = map.get(slot);
    if (known !== undefined && known.seq >= rule.seq) return;
    map.delete(slot);
    map.set(slot, rule);
    this.#version++;
    this.#bound(map, map === this.#prefixes ? MAX_PREFIX_RULES : MAX_RULES);
  }

  /** Whether an entry may be used, and if only as stale, since when (ms). */
  judge(head: EntryHead): PurgeVerdict {
    if (head.stamp >= this.#seq) return 'valid';
    let staleSince = Number.POSITIVE_INFINITY;
    for (const id of scopesOf(head)) {
      if ((this.#hard.get(id)?.seq ?? -1) > head.stamp) return 'purged';
      const soft = this.#soft.get(id);
      if (soft !== undefined && soft.seq > head.stamp) staleSince = Math.min(staleSince, soft.at);
    }
    for (const rule of this.#prefixes.values()) {
      if (rule.seq <= head.stamp || rule.scope.kind === 'all') continue;
      if (!head.primaryKey.startsWith(rule.scope.name)) continue;
      if (!rule.soft) return 'purged';
      staleSince = Math.min(staleSince, rule.at);
    }
    return staleSince === Number.POSITIVE_INFINITY ? 'valid' : { staleSince };
  }

  /** Every rule that still matters, oldest first. */
  rules(): PurgeRule[] {
    return [...this.#hard.values(), ...this.#soft.values(), ...this.#prefixes.values()].sort(
      (a, b) => a.seq - b.seq,
    );
  }

  #bound(map: Map<string, PurgeRule>, most: number): void {
    if (map.size <= most) return;
    for (const [slot, oldest] of map) {
      if (oldest.scope.kind === 'all') continue; // what the others fold into stays
      map.delete(slot);
      this.apply({ ...oldest, scope: { kind: 'all' } });
      return;
    }
  }
}

/** A scope as one string, unique over all kinds. */
export function scopeId(scope: PurgeScope): string {
  return scope.kind === 'all' ? 'all' : `${scope.kind}:${scope.name}`;
}

function scopesOf(head: EntryHead): string[] {
  const query = head.primaryKey.indexOf('?');
  const path = query < 0 ? head.primaryKey : head.primaryKey.slice(0, query);
  const ids = ['all', `class:${head.class}`, `key:${head.primaryKey}`, `path:${path}`];
  for (const tag of head.tags) ids.push(`tag:${tag}`);
  return ids;
}
