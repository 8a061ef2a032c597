import type { EntryHead } from '../tiers/entry.js';
import { isGroupTag } from './groups.js';
import { type Earlier, staleSince, withEarlier } from './soft-chain.js';

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
  /** When this machine learnt of it, ms; for soft rules, and for answers of other caches (`overtook`). */
  readonly at: number;
  /** Soft: those of the same scope before it, oldest first, as far as they are remembered. The table sets it. */
  readonly earlier?: readonly Earlier[];
}

export type PurgeVerdict = 'valid' | 'purged' | { readonly staleSince: number };

/** More rules than this fold the oldest into `all`: it costs misses, never a wrong hit, and bounds memory (I-17). */
const MAX_RULES = 100_000;
/** Prefix rules are compared one by one, so fewer of them are affordable. */
const MAX_PREFIX_RULES = 500;
/**
 * Numbers that are shared with other nodes are whole. A purge that could not be given one lies between two of them, so that it
 * never outranks a later shared one (docs/adr/0004). A binary fraction: exact for clocks of up to 2^43 ms.
 */
const LOCAL_STEP = 1 / 1024;
const LAST_LOCAL = 1 - LOCAL_STEP;

/** The number of a purge that only this node knows as yet; `stamp` is its clock. */
export function localNumber(stamp: number): number {
  const whole = Math.floor(stamp);
  return Math.min(stamp + LOCAL_STEP, whole + LAST_LOCAL);
}

/**
 * Whether a rule is later than the start of a fill. A local number says nothing of numbers beyond the next whole one: other
 * nodes gave them, and whether before or after is unknown, so it is taken as before (a miss).
 */
function outranks({ seq }: PurgeRule, stamp: number): boolean {
  return seq > stamp || (!isShared(seq) && Math.floor(stamp) > seq);
}

/** Whether a number is shared with other nodes. */
export function isShared(seq: number): boolean {
  return Number.isInteger(seq);
}

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
  /** Those of the rules that have a local number. */
  readonly #local = new Map<string, PurgeRule>();

  #latestClass = 0;
  #latestTag = 0;
  #latestGroup = 0;

  constructor(seq = 0) {
    this.#seq = seq;
  }

  /**
   * Reading of the clock, for a fill that begins now. When the local numbers between two shared ones are used up, all further purges
   * share the last; nothing is stamped as late as that, so it costs misses, never a wrong hit.
   */
  stamp(): number {
    return this.#seq % 1 === LAST_LOCAL ? this.#seq - LOCAL_STEP : this.#seq;
  }

  /** Changes with every rule; an entry judged valid at this version needs no second look. */
  get version(): number {
    return this.#version;
  }

  get size(): number {
    return this.#hard.size + this.#soft.size + this.#prefixes.size;
  }

  /**
   * Takes a rule in; rules that are older than what is known of the same scope change nothing (I-4, I-16). Whether it was news:
   * a shared number names one purge, a local one may name several.
   */
  apply(rule: PurgeRule): boolean {
    this.#seq = Math.max(this.#seq, rule.seq);
    const id = scopeId(rule.scope);
    const map = rule.scope.kind === 'prefix' ? this.#prefixes : rule.soft ? this.#soft : this.#hard;
    const slot = rule.scope.kind === 'prefix' ? `${rule.soft ? 's' : 'h'}${id}` : id;
    const known = map.get(slot);
    if (known !== undefined && known.seq > rule.seq) return false;
    if (known !== undefined && known.seq === rule.seq && isShared(rule.seq)) return false;
    map.delete(slot);
    map.set(slot, rule.scope.kind === 'prefix' ? rule : withEarlier(rule, known));
    this.#noteLocal(rule);
    if (rule.scope.kind === 'class') this.#latestClass = Math.max(this.#latestClass, rule.seq);
    else if (rule.scope.kind === 'tag') this.#noteTag(rule.scope.name, rule.seq);
    this.#version++;
    this.#bound(map, map === this.#prefixes ? MAX_PREFIX_RULES : MAX_RULES);
    return true;
  }

  /** Whether an entry may be used, and if only as stale, since when (ms). */
  judge(head: EntryHead): PurgeVerdict {
    if (head.stamp >= this.#seq && this.#local.size === 0) return 'valid';
    let since = Number.POSITIVE_INFINITY;
    for (const id of scopesOf(head)) {
      const hard = this.#hard.get(id);
      if (hard !== undefined && outranks(hard, head.stamp)) return 'purged';
      const soft = this.#soft.get(id);
      if (soft !== undefined && outranks(soft, head.stamp))
        since = Math.min(since, staleSince(soft, head.stamp));
    }
    for (const rule of this.#prefixes.values()) {
      if (!outranks(rule, head.stamp) || rule.scope.kind === 'all') continue;
      if (!head.primaryKey.startsWith(rule.scope.name)) continue;
      if (!rule.soft) return 'purged';
      since = Math.min(since, rule.at);
    }
    return since === Number.POSITIVE_INFINITY ? 'valid' : { staleSince: since };
  }

  /**
   * Whether a purge names what another cache has had since `bornAt` (ms of this machine's clock): it comes with an age and
   * no stamp. Soft counts as hard here, or the copy would pass for the renewal that the purge asked for.
   */
  overtook(head: EntryHead, bornAt: number): boolean {
    const later = (rule: PurgeRule | undefined) => rule !== undefined && rule.at >= bornAt;
    if (scopesOf(head).some((id) => later(this.#hard.get(id)) || later(this.#soft.get(id)))) return true;
    for (const rule of this.#prefixes.values()) {
      if (later(rule) && rule.scope.kind !== 'all' && head.primaryKey.startsWith(rule.scope.name))
        return true;
    }
    return false;
  }

  /** Number of the latest purge that may name a response which has not come yet; 0 without any. */
  latestFor(expected: Expected): number {
    const ids = ['all', `key:${expected.primaryKey}`, `path:${pathOf(expected.primaryKey)}`];
    for (const tag of expected.tags) ids.push(`tag:${tag}`);
    let latest = Math.max(
      this.#latestClass,
      expected.tagsFromBody ? this.#latestTag : 0,
      expected.groups ? this.#latestGroup : 0,
    );
    for (const id of ids) {
      latest = Math.max(latest, this.#hard.get(id)?.seq ?? 0, this.#soft.get(id)?.seq ?? 0);
    }
    for (const { scope, seq } of this.#prefixes.values())
      if (mayName(scope, expected)) latest = Math.max(latest, seq);
    return latest;
  }

  /** Every rule that still matters, oldest first. */
  rules(): PurgeRule[] {
    return [...this.#hard.values(), ...this.#soft.values(), ...this.#prefixes.values()].sort(
      (a, b) => a.seq - b.seq,
    );
  }

  /** The rule in force for a scope, with those it has replaced; not for prefixes. */
  ruleOf(scope: PurgeScope, soft: boolean): PurgeRule | undefined {
    return (soft ? this.#soft : this.#hard).get(scopeId(scope));
  }

  /** Rules that no other node has been told of: to be numbered anew when that is possible (docs/adr/0004). */
  localRules(): PurgeRule[] {
    return [...this.#local.values()];
  }

  get localSize(): number {
    return this.#local.size;
  }

  #noteTag(tag: string, seq: number): void {
    this.#latestTag = Math.max(this.#latestTag, seq);
    if (isGroupTag(tag)) this.#latestGroup = Math.max(this.#latestGroup, seq);
  }

  #noteLocal(rule: PurgeRule): void {
    const name = `${rule.soft ? 's' : 'h'}${scopeId(rule.scope)}`;
    if (isShared(rule.seq)) this.#local.delete(name);
    else this.#local.set(name, rule);
  }

  #bound(map: Map<string, PurgeRule>, most: number): void {
    if (map.size <= most) return;
    for (const [slot, oldest] of map) {
      if (oldest.scope.kind === 'all') continue; // what the others fold into stays
      map.delete(slot);
      this.#local.delete(`${oldest.soft ? 's' : 'h'}${scopeId(oldest.scope)}`);
      // A local one must stay one, also where a shared purge of everything is known: other nodes are still to be told.
      const seq = isShared(oldest.seq) ? oldest.seq : localNumber(this.stamp());
      this.apply({ ...oldest, scope: { kind: 'all' }, seq });
      return;
    }
  }
}

/** What is known of a response before it has come. */
export interface Expected {
  readonly primaryKey: string;
  readonly tags: readonly string[];
  /** Tags may also be found in its body. */
  readonly tagsFromBody: boolean;
  /** Its head may name groups (RFC 9875). */
  readonly groups?: boolean | undefined;
}

/** Whether a purge may name a response that has not come yet. Its class may turn out another than the route's. */
export function mayName(scope: PurgeScope, { primaryKey, tags, tagsFromBody, groups }: Expected): boolean {
  switch (scope.kind) {
    case 'all':
    case 'class':
      return true;
    case 'tag':
      return tagsFromBody || tags.includes(scope.name) || (groups === true && isGroupTag(scope.name));
    case 'key':
      return scope.name === primaryKey;
    case 'path':
      return scope.name === pathOf(primaryKey);
    case 'prefix':
      return primaryKey.startsWith(scope.name);
  }
}

/** Whether a purge of this scope names what is stored. */
export function isNamed(scope: PurgeScope, head: EntryHead): boolean {
  if (scope.kind === 'prefix') return head.primaryKey.startsWith(scope.name);
  return scopesOf(head).includes(scopeId(scope));
}

/** A scope as one string, unique over all kinds. */
export function scopeId(scope: PurgeScope): string {
  return scope.kind === 'all' ? 'all' : `${scope.kind}:${scope.name}`;
}

function scopesOf(head: EntryHead): string[] {
  const ids = ['all', `class:${head.class}`, `key:${head.primaryKey}`, `path:${pathOf(head.primaryKey)}`];
  for (const tag of head.tags) ids.push(`tag:${tag}`);
  return ids;
}

function pathOf(primaryKey: string): string {
  const query = primaryKey.indexOf('?');
  return query < 0 ? primaryKey : primaryKey.slice(0, query);
}
