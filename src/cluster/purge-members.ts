import { type PurgeRule, type PurgeScope, scopeId } from '../cache/purge-table.js';

type Named = Exclude<PurgeScope, { kind: 'all' }>['kind'];
const NAMED: ReadonlySet<string> = new Set<Named>(['class', 'tag', 'key', 'path', 'prefix']);

/** A purge of one scope as the log of Redis names it. Hard and soft never share a name (I-5). */
export function toMember(scope: PurgeScope, soft: boolean): string {
  return `${soft ? 's' : 'h'}|${scopeId(scope)}`;
}

/**
 * The rule a member stands for; `at` is when this machine learnt of it, ms. Undefined for what this version does not know: the
 * caller then must not go on as if it had been told nothing.
 */
function fromMember(member: string, seq: number, at: number): PurgeRule | undefined {
  const soft = member.startsWith('s|');
  if (!soft && !member.startsWith('h|')) return undefined;
  const id = member.slice(2);
  if (id === 'all') return { scope: { kind: 'all' }, soft, seq, at };
  const colon = id.indexOf(':');
  const kind = id.slice(0, colon);
  if (colon < 0 || !NAMED.has(kind)) return undefined;
  return { scope: { kind: kind as Named, name: id.slice(colon + 1) }, soft, seq, at };
}

/** As `fromMember`, but a scope of a newer version becomes a hard purge of everything: a miss, never a wrong hit (I-4). */
export function ruleOf(member: string, seq: number, at: number): PurgeRule {
  return fromMember(member, seq, at) ?? { scope: { kind: 'all' }, soft: false, seq, at };
}
