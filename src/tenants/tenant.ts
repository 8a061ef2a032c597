/** One client of the proxy, by the operator's word. */
export interface Tenant {
  readonly name: string;
  /** Requests per second. */
  readonly rate?: number;
  /** Requests at once after a pause; without it one second's worth. */
  readonly burst?: number;
  /** Requests per day (UTC). */
  readonly quota?: number;
  /** Classes it may ask for; undefined: all. */
  readonly classes?: readonly string[];
  /** ms since epoch. */
  readonly expires?: number;
  /** It is told how its answers came about (`X-Cache`, `Age`). */
  readonly diagnostics: boolean;
}

/** Every key of every tenant, by digest. Plain data; crosses to workers. */
export interface KeySet {
  /** Grows with every change: a lower one comes late. */
  readonly version: number;
  readonly tenants: readonly Tenant[];
  readonly keys: readonly {
    readonly hash: string;
    readonly id: string;
    readonly tenant: string;
    readonly expires?: number;
  }[];
  /** Tenant of those who send no key, where they may ask at all. */
  readonly anonymous?: string;
}

/** What a process asks of the ledger of its node. */
export interface GrantAsk {
  readonly tenant: string;
  readonly want: number;
  /** Of earlier grants, given back; below zero: used without one. */
  readonly unused: number;
  /** Day of the grant given back, as in `Grant`. */
  readonly day?: number | undefined;
}

/** So many requests may be answered within `forMs`; with none, why and for how long. */
export interface Grant {
  readonly given: number;
  readonly forMs: number;
  readonly refused?: 'rate' | 'quota';
  /** Whose quota it is: whole days since the epoch, UTC. */
  readonly day?: number;
}

/** What one process has counted of one tenant since it started. */
export interface TenantUsage {
  readonly tenant: string;
  readonly requests: number;
  readonly hits: number;
  readonly originRequests: number;
  readonly bytes: number;
  readonly refused: number;
}
