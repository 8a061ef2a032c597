import type { Gate } from '../../src/server/settings.js';
import { TenantGate } from '../../src/tenants/gate.js';
import { parseKeys } from '../../src/tenants/keys-file.js';
import { Ledger } from '../../src/tenants/ledger.js';
import { TenantMeter } from '../../src/tenants/meter.js';
import { keySetOf } from '../../src/tenants/registry.js';
import type { Grant, Tenant } from '../../src/tenants/tenant.js';
import type { FakeClock } from './fake-clock.js';

export interface TestGate {
  readonly gate: Gate;
  /** The text of `PROXY_KEYS` from now on. */
  use(text: string): void;
  readonly refused: string[];
}

/** A gate as a process has it, over a ledger of its own: beside it, or behind a channel. */
export function gateOf(text: string, clock: FakeClock, ledgerIsNear = true): TestGate {
  let tenants: readonly Tenant[] = [];
  let version = 0;
  const refused: string[] = [];
  const ledger = new Ledger({ clock, tenant: (name) => tenants.find((tenant) => tenant.name === name) });
  const meter = new TenantMeter({
    clock,
    grant: (ask) => (ledgerIsNear ? ledger.grant(ask) : Promise.resolve(ledger.grant(ask) as Grant)),
  });
  const gate = new TenantGate({ clock, meter, wrong: () => 0, onRefused: (tenant) => refused.push(tenant) });
  const use = (keys: string) => {
    const records = parseKeys(keys);
    tenants = records;
    version += 1;
    gate.use(keySetOf(records, version));
  };
  use(text);
  return { gate, use, refused };
}
