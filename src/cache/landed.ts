import type { ForwardReason } from '../http/cache-status.js';
import type { OriginRequest } from '../origin/source.js';
import type { Entry } from '../tiers/entry.js';
import type { Answer } from './answer.js';
import type { ResponseHead } from './fetcher.js';
import type { Flight, Landing } from './flight.js';
import type { Outcome } from './outcome.js';
import type { Attendants } from './phases.js';
import type { SharedRoute } from './site.js';

/** What is wanted of a fill, and what goes along should this request lead it. */
export interface Want extends Attendants {
  readonly route: SharedRoute;
  /** A stale entry to be validated rather than fetched anew. */
  readonly stored: Entry | undefined;
  /** Purge clock when the request came in (I-2). */
  readonly stamp: number;
  readonly forward: ForwardReason;
  /** What is stored answers should the origin fail: whoever fetches may then refuse to ask one that has just failed. */
  readonly standIn?: boolean | undefined;
  /** Forwards interim responses to the client, should its request lead the fill; who joins is told of none. */
  readonly onInfo?: OriginRequest['onInfo'];
}

/** Who takes part in which flight. */
export interface Boarded {
  readonly flight: Flight;
  readonly landing: Landing;
  readonly collapsed: boolean;
}

/** What a flight's landing is for one of those who took part in it. */
export function answerOf({ flight, landing, collapsed }: Boarded, want: Want): Answer {
  switch (landing.kind) {
    case 'current':
      return completed(landing, landing.entry, want, collapsed);
    case 'body': {
      const { head, length, making, broadcast } = landing;
      const own = collapsed ? undefined : landing.own;
      const outcome: Outcome = {
        ...outcomeOf(want, landing, collapsed),
        class: head.class,
        forwardStatus: head.status,
        stored: true,
      };
      const stored = flight.finished.then((result) => (typeof result === 'string' ? undefined : result));
      const whole = () => {
        flight.finished.then(broadcast.keep());
        return stored;
      };
      return {
        kind: 'arriving',
        head,
        length,
        own,
        making,
        body: broadcast.reader(),
        stored,
        whole,
        outcome,
      };
    }
    case 'error-body':
      return raw(landing.head, landing.broadcast.reader(), want, landing, collapsed);
    case 'released':
      flight.claim();
      return raw(landing.own.head, landing.own.body, want, landing, collapsed);
  }
}

/** The stored entry that a flight ended with, as an answer. */
export function completed(
  landing: Landing,
  entry: Entry,
  want: Want,
  collapsed: boolean,
): Extract<Answer, { kind: 'entry' }> {
  const forwardStatus = landing.kind === 'current' ? landing.forwardStatus : entry.status;
  const outcome: Outcome = {
    ...outcomeOf(want, landing, collapsed),
    class: entry.class,
    forwardStatus,
    stored: true,
  };
  const shared = landing.kind === 'current' || landing.kind === 'body';
  return { kind: 'entry', entry, own: shared && !collapsed ? landing.own : undefined, outcome };
}

function raw(
  head: ResponseHead,
  body: Extract<Answer, { kind: 'raw' }>['body'],
  want: Want,
  landing: Extract<Landing, { kind: 'error-body' | 'released' }>,
  collapsed: boolean,
): Answer {
  const outcome: Outcome = {
    ...outcomeOf(want, landing, collapsed),
    class: want.route.class,
    forwardStatus: head.status,
    stored: false,
    noStore: landing.reason,
  };
  return { kind: 'raw', head, body, share: landing.kind === 'error-body', outcome };
}

/** `joined`: this request joined a flight that was under way; its landing may have been shared before that. */
function outcomeOf({ route, forward }: Want, landing: Landing, joined: boolean) {
  const collapsed = joined || ('collapsed' in landing && landing.collapsed === true);
  const { key, template } = route;
  return { result: 'miss', served: 'origin', route: template, key, forward, collapsed } as const;
}
