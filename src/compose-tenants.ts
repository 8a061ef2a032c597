import type { TenantRow } from './admin/answers/tenants.js';
import { Brake } from './admin/brake.js';
import type { Outcome } from './cache/outcome.js';
import { systemClock } from './clock.js';
import type { Member, MemberExtras } from './cluster/member.js';
import type { Bus } from './compose-bus.js';
import type { Config } from './config/config.js';
import { ConfigError } from './config/config-error.js';
import { LACKS_OWN_KEY, lacksOwnKey, OWN_KEY_ADVICE } from './config/own-key.js';
import type { Logger } from './observe/log.js';
import type { TenantFigures } from './observe/metrics-tenants.js';
import { RedisTenantStore, USAGE_DAYS } from './redis/tenant-store.js';
import type { Gate } from './server/settings.js';
import { TenantGate } from './tenants/gate.js';
import { KeyKeeper } from './tenants/keeper.js';
import { Ledger } from './tenants/ledger.js';
import { TenantMeter } from './tenants/meter.js';
import { KeysMistake } from './tenants/records.js';
import { tenantRows } from './tenants/rows.js';
import type { Grant, GrantAsk, KeySet } from './tenants/tenant.js';
import { UsageCounter } from './tenants/usage.js';
import { UsageKeeper } from './tenants/usage-keeper.js';
import { DurableUsage, SharedUsage } from './tenants/usage-store.js';
import type { DurableArea } from './tiers/disk-types.js';

/** What proxy keys put into a process that answers clients. It has no keys until it is told them: nobody may ask. */
export interface TenantSide {
  readonly gate: Gate;
  /** Counts a finished request. `outcome`: undefined when there was none. */
  record(tenant: string, outcome: Outcome | undefined, bytes: number): void;
  readonly extras: Pick<MemberExtras, 'tenants' | 'tenantUsage'>;
}

export interface TenantSideOptions {
  /** The ledger of the node: at once where it is in this process and need not ask Redis. */
  readonly grant: (ask: GrantAsk) => Grant | Promise<Grant>;
}

export function tenantSide({ grant }: TenantSideOptions): TenantSide {
  const clock = systemClock;
  const usage = new UsageCounter();
  const brake = new Brake(clock);
  const gate = new TenantGate({
    clock,
    meter: new TenantMeter({ clock, grant }),
    wrong: (client) => brake.wrong(client),
    onRefused: (tenant) => usage.refused(tenant),
  });
  return {
    gate,
    record: (tenant, outcome, bytes) => usage.record(tenant, outcome, bytes),
    extras: { tenants: async (keys) => gate.use(keys), tenantUsage: async () => usage.all() },
  };
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
  figures(): TenantFigures;
  /** Begins to count, and to tell processes of new keys. Once. */
  join(parts: LedgerParts): void;
  /** Whether this text of `PROXY_KEYS` would do; throws a ConfigError if not. */
  check(proxyKeys: string | undefined): void;
  /** Another text of `PROXY_KEYS`. Resolves when every process judges by it. */
  use(proxyKeys: string | undefined): Promise<void>;
  /** Counts once more what processes have answered that are about to end. Never rejects. */
  closing(): Promise<void>;
  close(): Promise<void>;
}

/** A client waits for its account in Redis so long at most, ms. */
const TAKE_MS = 100;

/** Reads the keys and follows them. Rejects with a ConfigError when one of them is wrong. */
export async function openTenants({ config, log }: TenantsOptions): Promise<Tenants> {
  const { proxyKeys, proxyKeysFile } = config.clients;
  const keeper = new KeyKeeper({
    clock: systemClock,
    variable: proxyKeys,
    file: proxyKeysFile,
    warn: (message) => log.warn(message),
    info: (message) => log.info(message),
  });
  try {
    await keeper.start();
  } catch (thrown) {
    throw asConfigError(thrown);
  }
  if (lacksOwnKey(config)) log.warn(`${LACKS_OWN_KEY}; ${OWN_KEY_ADVICE}`);
  return new NodeTenants(config, log, keeper);
}

function asConfigError(thrown: unknown): unknown {
  return thrown instanceof KeysMistake ? new ConfigError(thrown.mistakes) : thrown;
}

/** What `join` has made. */
interface Joined {
  readonly ledger: Ledger;
  readonly usage: UsageKeeper;
}

class NodeTenants implements Tenants {
  #joined: Joined | undefined;

  constructor(
    private readonly config: Config,
    private readonly log: Logger,
    private readonly keeper: KeyKeeper,
  ) {}

  readonly keys = (): KeySet => this.keeper.set;

  readonly grant = (ask: GrantAsk): Grant | Promise<Grant> =>
    this.#joined?.ledger.grant(ask) ?? { given: 0, forMs: 1000, refused: 'rate' };

  join({ durable, bus, members }: LedgerParts): void {
    const { keeper, log } = this;
    const clock = systemClock;
    const store = bus && storeOf(bus);
    const kept = store === undefined ? new DurableUsage(durable, USAGE_DAYS) : undefined;
    const ledger = new Ledger({
      clock,
      tenant: (name) => keeper.tenant(name),
      shared: store,
      nodes: () => bus?.nodes() ?? 1,
      onChange: (shared) =>
        log[shared ? 'info' : 'warn'](
          shared
            ? "tenants' limits: shared by all nodes"
            : "tenants' limits: Redis is away, this node keeps to an equal share",
        ),
    });
    const usage = new UsageKeeper({
      clock,
      members,
      ledger,
      durable: kept,
      store: kept ?? new SharedUsage(store!, bus!.instance),
      onError: (error) => log.warn({ err: error }, 'usage of tenants is not kept at present'),
    });
    this.#joined = { ledger, usage };
    usage.start();
    keeper.onChange((keys) => tell(members(), keys));
  }

  rows(): Promise<TenantRow[]> {
    const { ledger, usage } = this.#joined!;
    return tenantRows({ tenants: this.keeper.records, ledger, usage, now: systemClock.now() });
  }

  /** Series of tenants would tell everybody who asks here, and how much, where `/metrics` is on the main port. */
  figures(): TenantFigures {
    const { keeper } = this;
    return {
      ...(this.config.server.metricsPort !== undefined && {
        usage: this.#joined?.usage.total() ?? [],
        keys: keeper.set.keys.length,
      }),
      fileIsGood: keeper.fileIsGood,
    };
  }

  check(proxyKeys: string | undefined): void {
    try {
      this.keeper.check(proxyKeys);
    } catch (thrown) {
      throw asConfigError(thrown);
    }
  }

  use(proxyKeys: string | undefined): Promise<void> {
    return this.keeper.use(proxyKeys);
  }

  async closing(): Promise<void> {
    await this.#joined?.usage.collect();
  }

  async close(): Promise<void> {
    this.keeper.close();
    this.#joined?.ledger.stop();
    await this.#joined?.usage.close();
  }
}

function storeOf({ link, keys, deadlineMs }: Bus): RedisTenantStore {
  return new RedisTenantStore({ link, keys, takeMs: Math.min(TAKE_MS, deadlineMs), deadlineMs });
}

/** A process that does not take new keys in time would go on admitting revoked ones: it is ended, and a new one begins with them. */
async function tell(members: readonly Member[], keys: KeySet): Promise<void> {
  const evict = (member: Member) => member.evict('it did not take new proxy keys in time');
  await Promise.all(members.map((member) => member.tenants(keys).catch(() => evict(member))));
}
