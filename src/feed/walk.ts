import type { EntryHead } from '../tiers/entry.js';
import type { Tier, TierName } from '../tiers/tier.js';

/** Rows of one step, and the pause after it, ms: a million entries take a minute of an otherwise idle core. */
const STEP = 500;
const PAUSE_MS = 20;

export interface WalkParts {
  readonly tier: Pick<Tier, 'list'>;
  /** The tier that rows must come from; what stands in for it has other entries. */
  readonly of: TierName;
  readonly note: (head: EntryHead) => void;
  readonly pause: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * Looks at the heads of everything that a tier holds. Answers whether it was all there: an empty shared tier can't be told
 * from one that is away, and is looked at again.
 */
export async function walk({ tier, of, note, pause, signal }: WalkParts): Promise<boolean> {
  let seen = 0;
  let after: string | null = '';
  while (after !== null) {
    if (signal.aborted) return false;
    const page = await tier.list({ after, limit: STEP, contains: '', scanLimit: STEP });
    for (const { head, tier: from } of page.rows) {
      if (from !== of) return false;
      note(head);
    }
    seen += page.rows.length;
    after = page.next;
    if (after !== null) await pause(PAUSE_MS);
  }
  return seen > 0 || of === 'disk';
}
