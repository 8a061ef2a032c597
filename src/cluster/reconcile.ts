import { isShared, type PurgeRule } from '../cache/purge-table.js';
import type { LogRule } from '../redis/purge-log.js';
import { toMember } from './purge-members.js';

/** What two sets of rules lack of each other. */
export interface Difference {
  /** Ours that the log lacks: to be raised anew there. */
  readonly push: readonly LogRule[];
  /** Theirs that we lack although our clock has passed them: to be raised anew, because what was stamped since is not judged by them. */
  readonly renew: readonly string[];
}

/**
 * Compares our rules with all of the log's. `stamp`: our clock. Within one history our clock passes a number only after its purge, so
 * entries stamped since are newer than the purge and nothing needs renewing: only after a loss it does.
 */
export function compare(ours: readonly PurgeRule[], theirs: readonly LogRule[], stamp: number): Difference {
  const mine = ours.map(({ scope, soft, seq }) => ({ member: toMember(scope, soft), seq }));
  const known = coverage(mine);
  const there = coverage(theirs);
  return {
    // Local numbers are not pushed: those purges are raised anew anyway.
    push: mine.filter((rule) => isShared(rule.seq) && !there(rule)),
    renew: theirs.filter((rule) => rule.seq <= stamp && !known(rule)).map(({ member }) => member),
  };
}

/** Whether a rule is in force among `rules`, under its own name or folded into `all` (soft also into hard). */
function coverage(rules: readonly LogRule[]): (rule: LogRule) => boolean {
  const bySeq = new Map(rules.map(({ member, seq }) => [member, seq]));
  const has = (member: string, seq: number) => (bySeq.get(member) ?? -1) >= seq;
  return ({ member, seq }) =>
    has(member, seq) || has('h|all', seq) || (member.startsWith('s|') && has('s|all', seq));
}
