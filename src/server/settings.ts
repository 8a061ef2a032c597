import type { SitePolicy } from '../cache/site.js';
import type { Clock } from '../clock.js';
import type { Observer } from './observer.js';
import type { ClientAddress } from './peer.js';

/** What delivery and the app know beside the request; one object per listener. */
export interface ServerSettings {
  readonly site: SitePolicy;
  readonly clock: Clock;
  /** `X-TMDB-Proxy`, and our name in `Cache-Status`. */
  readonly serverId: string;
  readonly version: string;
  /** Opens answers to browser apps of any site: on for TMDB's API and images, off for a generic upstream. */
  readonly cors: boolean;
  /** `MAX_ENTRY_BYTES`: a body known to be longer is never waited for. */
  readonly maxEntryBytes: number;
  /** Bytes of decoded bodies kept for clients that take no gzip. */
  readonly identityBytes: number;
  /** This node's name in CDN-Loop, where it has a parent that could lead back to it. */
  readonly loopId?: string | undefined;
  /** False while draining: responses then say `Connection: close`. */
  readonly isReady: () => boolean;
  readonly clientAddress: ClientAddress;
  readonly observer: Observer;
}
