import type { Answer } from '../cache/answer.js';
import type { ClientRequest, SharedRoute, SitePolicy } from '../cache/site.js';
import type { Clock } from '../clock.js';
import type { ProxyError } from '../errors.js';
import type { RawHeaders } from '../http/headers.js';
import type { Exchange } from './exchange.js';
import type { IdentityBodies } from './identity-bodies.js';
import type { Observer } from './observer.js';
import type { Outgoing } from './outgoing.js';
import type { ClientAddress } from './peer.js';

/** Who asks with a proxy key, and the request as everybody behind the gate sees it. */
export interface Caller {
  readonly tenant: string;
  /** It is told nothing from which another's request could be known. */
  readonly quiet: boolean;
  /** Without the proxy key. */
  readonly target: string;
  readonly headers: RawHeaders;
}

/** Where a key may be. */
export interface Keyed extends Pick<ClientRequest, 'target' | 'headers'> {
  /** Some clients of TMDB put it into a JSON body. */
  readonly bodyKey?: string | undefined;
}

/** Who may ask, and how much. */
export interface Gate {
  /** Changes with the set of keys: what was remembered of callers holds no longer. */
  readonly version: number;
  /** Who asks, or why not. Pure but for the set of keys. `now`: ms since epoch. */
  identify(request: Keyed, now: number): Caller | ProxyError;
  /** Counts a wrong key of a client address; what to answer instead once there were too many. Right keys are not asked. */
  wrong(client: string): ProxyError | undefined;
  /** Class, rate and quota, without waiting. 'ask': only `enter` can tell. */
  enterNow(caller: Caller, className: string): ProxyError | 'in' | 'ask';
  enter(caller: Caller, className: string): Promise<ProxyError | 'in'>;
}

/** Makes answers fit where they are read. */
export interface Rewriter {
  /** Whether answers of this route may be rewritten for somebody: then the socket does not answer. */
  touches(route: SharedRoute): boolean;
  /** The answer as this client gets it; the same object when nothing is to be changed. */
  apply(answer: Answer, exchange: Exchange, identities: IdentityBodies): Answer | Promise<Answer>;
}

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
  readonly outgoing: Outgoing;
  /** Undefined: open to every client. */
  readonly gate?: Gate | undefined;
  readonly rewriter?: Rewriter | undefined;
}
