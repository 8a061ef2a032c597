import { type FeedKind, type FeedStatus, type PollResult, perKind } from './status.js';

/** What the feed has done since the start of this node. */
export class FeedCounters {
  readonly idsSeen = perKind(() => 0);
  readonly softened = perKind(() => 0);
  readonly skipped = perKind(() => 0);
  readonly pages = perKind(() => 0);
  readonly polls: Record<PollResult, number> = { complete: 0, failed: 0, refused: 0 };
  gaps = 0;

  /** `cached` of `changed` ids of a kind were made stale. */
  changed(kind: FeedKind, changed: number, cached: number): void {
    this.idsSeen[kind] += changed;
    this.softened[kind] += cached;
    this.skipped[kind] += changed - cached;
  }

  snapshot(): Pick<FeedStatus, 'idsSeen' | 'softened' | 'skipped' | 'pages' | 'polls' | 'gaps'> {
    const { gaps } = this;
    return {
      idsSeen: { ...this.idsSeen },
      softened: { ...this.softened },
      skipped: { ...this.skipped },
      pages: { ...this.pages },
      polls: { ...this.polls },
      gaps,
    };
  }
}
