import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Authorize, Peer } from '../admin/auth.js';
import type { Management } from '../admin/management.js';
import type { Clock } from '../clock.js';
import type { Session } from './session.js';
import type { Watching } from './watching.js';

/** What requests of the dashboard carry along. */
export interface DashboardEnv {
  Bindings: HttpBindings;
  Variables: {
    /** Undefined: the key came with the request, or none is needed. */
    session: Session | undefined;
  };
}

export type DashboardContext = Context<DashboardEnv>;

export interface DashboardOptions {
  readonly management: Management & Watching;
  /** The listeners' own: it holds the brake on wrong keys. */
  readonly auth: Authorize;
  /** `ADMIN_API_KEY` as it is now; undefined or empty: open to this machine alone. */
  readonly apiKey: () => string | undefined;
  readonly peer: (c: Context) => Peer;
  /** Where a trusted proxy in front of us was asked, `https://host[:port]`; undefined without one. */
  readonly base: (c: Context) => string | undefined;
  /** The management API, asked with the key. */
  readonly api: (request: Request, bindings: HttpBindings) => Response | Promise<Response>;
  readonly ready: () => boolean;
  readonly version: string;
  readonly clock: Clock;
  /** Classes of entries the site has. */
  readonly classes: readonly [string, ...string[]];
}
