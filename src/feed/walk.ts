import type { EntryHead } from '../tiers/entry.js';
import type { Tier } from '../tiers/tier.js';

/** Rows of one step, and the pause after it, ms: a million entries take a minute of an otherwise idle core. */
const STEP = 500;
const PAUSE_MS = 20;

export interface WalkParts {
  readonly tier: Pick<Tier, 'list'>;
  readonly note: (head: EntryHead) => void;
  readonly pause: (ms: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Looks at the heads of everything that a tier holds. Answers whether it was all there. */
export async function walk({ tier, note, pause, signal }: WalkParts): Promise<boolean> {
  let after: string | null = '';
  while (after !== null) {
    if (signal.aborted) return false;
    const page = await tier.list({ after, limit: STEP, contains: '', scanLimit: STEP });
    for (const { head } of page.rows) note(head);
    if (page.incomplete) return false;
    after = page.next;
    if (after !== null) await pause(PAUSE_MS);
  }
  return true;
}
