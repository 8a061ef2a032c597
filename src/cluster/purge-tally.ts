import type { PurgeSelection, PurgeTally } from '../admin/management.js';
import { isNamed, type PurgeScope, type PurgeTable } from '../cache/purge-table.js';
import type { SitePolicy } from '../cache/site.js';
import type { Clock } from '../clock.js';
import type { ListPage, ListQuery, Row, Tier } from '../tiers/tier.js';
import { answered } from './member.js';
import { purgeScopes, scopesAlong } from './purge-scopes.js';

type Lister = (query: ListQuery) => Promise<ListPage>;

export interface TallyParts {
  readonly site: SitePolicy;
  readonly tier: Pick<Tier, 'list' | 'stats'>;
  /** Of each process: memory may hold what L2 does not, be it away. */
  readonly memories: readonly Lister[];
  readonly table: Pick<PurgeTable, 'judge'>;
  readonly clock: Pick<Clock, 'steady'>;
}

/** Longest that somebody waits for the number in a question, ms. */
const PATIENCE_MS = 2000;
const ROWS = 1000;
const SCAN = 10_000;

/**
 * How many entries a purge would name. There is no index of tags (a purge is a rule, not a walk), so it is found by looking at the keys,
 * for as long as somebody waits. Rejects, as the purge would, an address that is not this site's.
 */
export async function tallyOf(selection: PurgeSelection, parts: TallyParts): Promise<PurgeTally> {
  const { site, tier, memories, table, clock } = parts;
  const scopes = selection.all
    ? [{ kind: 'all' } as const]
    : purgeScopes(site, { ...selection, soft: false });
  const wanted = [...scopes, ...scopesAlong(site, scopes)];
  const until = clock.steady() + PATIENCE_MS;
  const found = new Map<string, number>();
  const asked = { limit: ROWS, scanLimit: SCAN, contains: commonText(wanted), ...classOf(wanted) };
  const count = ({ head, bytes }: Row) => {
    const named = wanted.some((scope) => isNamed(scope, head)) && table.judge(head) !== 'purged';
    // Once, however many tiers hold it, or an unsorted one shows it.
    if (named && !found.has(head.key)) found.set(head.key, bytes);
  };
  const walk = async (list: Lister): Promise<Walked> => {
    let after = '';
    let away = false;
    for (;;) {
      const { rows, next, incomplete = false } = await list({ ...asked, after });
      rows.forEach(count);
      away ||= incomplete;
      if (next === null || clock.steady() >= until) return { ended: next === null, away };
      after = next;
    }
  };
  const shared = await walk((query) => tier.list(query));
  const walked = [shared, ...(await answered(memories.map(walk)))];
  return {
    entries: found.size,
    bytes: [...found.values()].reduce((sum, size) => sum + size, 0),
    total: tier.stats().entries,
    complete: !shared.away && walked.every(({ ended }) => ended),
    away: shared.away,
  };
}

interface Walked {
  readonly ended: boolean;
  readonly away: boolean;
}

/** A text that every key that is named contains, so that the tier need not show the others. */
function commonText(scopes: readonly PurgeScope[]): string {
  const [only] = scopes;
  if (scopes.length !== 1 || only === undefined) return '';
  return only.kind === 'key' || only.kind === 'path' || only.kind === 'prefix' ? only.name : '';
}

function classOf(scopes: readonly PurgeScope[]): { class?: string } {
  const [only] = scopes;
  return scopes.length === 1 && only?.kind === 'class' ? { class: only.name } : {};
}
