import type { Case } from './oracle-cases.js';
import type { Check, Difference } from './oracle-differences.js';
import type { Judgement } from './oracle-judges.js';

export interface Found {
  readonly check: Check;
  readonly ours: 'stricter' | 'laxer';
}

/** What differs, each check only where those it rests on agree: an age that differs would explain any reuse. */
export function compare(a: Judgement, b: Judgement, method: string): { found: Found[]; reached: boolean } {
  const differs = (check: Check, stricter: boolean): Found => ({
    check,
    ours: stricter ? 'stricter' : 'laxer',
  });
  const found: Found[] = [];
  if (Math.abs(a.age - b.age) > 0.5) found.push(differs('age', a.age > b.age));
  if (a.storable !== b.storable)
    return { found: [...found, differs('storable', b.storable)], reached: false };
  if (!a.storable) return { found, reached: false };
  // A heuristic lifetime is cut to whole ms here.
  if (Math.abs(a.lifetime - b.lifetime) > 0.002) found.push(differs('lifetime', a.lifetime < b.lifetime));
  if (found.length > 0 || method !== 'GET') return { found, reached: false };
  if (a.reuse !== b.reuse) found.push(differs('reuse', b.reuse));
  return { found, reached: true };
}

export function explains(difference: Difference, found: Found, given: Case, theirs: Judgement): boolean {
  return (
    difference.checks.includes(found.check) &&
    (difference.ours === 'either' || difference.ours === found.ours) &&
    difference.applies(given, theirs)
  );
}
