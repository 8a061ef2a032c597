import type { TenantRow } from './admin/answers/tenants.js';
import type { Outcome } from './cache/outcome.js';
import type { Member, MemberExtras } from './cluster/member.js';
import type { Bus } from './compose-bus.js';
import type { Config } from './config/config.js';
import type { Logger } from './observe/log.js';
import type { TenantFigures } from './observe/metrics-tenants.js';
import type { Gate } from './server/settings.js';
import type { Grant, GrantAsk, KeySet } from './tenants/tenant.js';
import type { DurableArea } from './tiers/disk-types.js';

/** What proxy keys put into a process that answers clients. It has no keys until it is told them: nobody may ask. */
export interface TenantSide {
  readonly gate: Gate;
  /** Counts a finished request. `outcome`: undefined when there was none. */
  record(tenant: string, outcome: Outcome | undefined, bytes: number): void;
  readonly extras: Pick<MemberExtras, 'tenants' | 'tenantUsage'>;
}

export interface TenantSideOptions {
  readonly config: Config;
  /** The ledger of the node: at once where it is in this process and need not ask Redis. */
  readonly grant: (ask: GrantAsk) => Grant | Promise<Grant>;
}

export function tenantSide(_options: TenantSideOptions): TenantSide | undefined {
  return undefined;
}

export interface TenantsOptions {
  readonly config: Config;
  readonly log: Logger;
}

/** What a ledger needs of its node. */
export interface LedgerParts {
  readonly durable: DurableArea;
  /** Undefined: this node is alone. */
  readonly bus: Bus | undefined;
  readonly members: () => readonly Member[];
}

/** Keys, limits and usage of the tenants of one node. */
export interface Tenants {
  readonly keys: () => KeySet;
  readonly grant: (ask: GrantAsk) => Grant | Promise<Grant>;
  rows(): Promise<TenantRow[]>;
  /** Undefined: everybody may read the metrics. */
  figures(): TenantFigures | undefined;
  /** Begins to count, and to tell processes of new keys. Once. */
  join(parts: LedgerParts): void;
  close(): Promise<void>;
}

/** Reads the keys and follows them. Rejects with a ConfigError when one of them is wrong. */
export async function openTenants(_options: TenantsOptions): Promise<Tenants | undefined> {
  return undefined;
}
