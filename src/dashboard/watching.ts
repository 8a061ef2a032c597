import type { Watched } from './wire.js';

/** What the core of a node keeps for those who look at its dashboard, through whichever process. Plain data in and out. */
export interface Watching {
  /** What is new since `after` (0: everything). The node samples itself while somebody asks. */
  watch(after: number): Promise<Watched>;
  /** From now on this session is over, although its token is good until then (ms since epoch). */
  endSession(id: string, until: number): Promise<void>;
  /** Those of these sessions that were ended. */
  endedSessions(ids: readonly string[]): Promise<string[]>;
}
