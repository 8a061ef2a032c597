/** A soft purge that a later one of the same scope has replaced. */
export interface Earlier {
  readonly seq: number;
  readonly at: number;
}

/** What a chain is made of: `PurgeRule`. */
interface Link extends Earlier {
  readonly soft: boolean;
  readonly earlier?: readonly Earlier[];
}

/** Earlier purges that a scope's rule remembers. */
const MOST = 3;

/**
 * A soft rule with what it replaces. An entry is stale from the first purge after it was fetched, and its
 * stale-while-revalidate window (RFC 5861) begins there: would only the latest count, a title that is edited every hour
 * could be served old for as long as nobody reads it.
 */
export function withEarlier<Rule extends Link>(rule: Rule, replaced: Link | undefined): Rule {
  if (!rule.soft || rule.earlier !== undefined || replaced === undefined) return rule;
  const { seq, at } = replaced;
  return { ...rule, earlier: thinned([...(replaced.earlier ?? []), { seq, at }]) };
}

/** Since when (ms) an entry of this stamp, which the rule outranks, is stale. */
export function staleSince({ earlier, at }: Link, stamp: number): number {
  return earlier?.find(({ seq }) => seq > stamp)?.at ?? at;
}

/** Of the two that are closest in time the number of the later and the time of the earlier stay: windows end early, never late. */
function thinned(chain: readonly Earlier[]): readonly Earlier[] {
  if (chain.length <= MOST) return chain;
  const gap = (index: number) => chain[index + 1]!.at - chain[index]!.at;
  let closest = 0;
  for (let index = 1; index < chain.length - 1; index++) if (gap(index) < gap(closest)) closest = index;
  const one = { seq: chain[closest + 1]!.seq, at: chain[closest]!.at };
  return [...chain.slice(0, closest), one, ...chain.slice(closest + 2)];
}
