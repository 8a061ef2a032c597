import { ANONYMOUS } from './key-text.js';
import { KeysMistake, type TenantRecord } from './records.js';
import type { KeySet, Tenant } from './tenant.js';

/**
 * Tenants of `PROXY_KEYS` and of the keys file together. Throws a KeysMistake when one stands in both, or a key is of two:
 * whose limits hold could not be told.
 */
export function united(variable: readonly TenantRecord[], file: readonly TenantRecord[]): TenantRecord[] {
  const inFile = new Set(file.map(({ name }) => name));
  const mistakes = variable
    .filter(({ name }) => inFile.has(name))
    .map(({ name }) => `${name}: stands in PROXY_KEYS and in the keys file; remove it from one of them`);
  const all = [...variable, ...file];
  const owners = new Map<string, string>();
  for (const { name, keys } of all) {
    if (name === ANONYMOUS && keys.length > 0)
      mistakes.push(`${name}: has a key, but it is for those who send none; name the tenant otherwise`);
    for (const { hash, id } of keys) {
      const owner = owners.get(hash);
      if (owner !== undefined)
        mistakes.push(`${name}: its key ${id} is also one of ${owner}; make a new one`);
      owners.set(hash, name);
    }
  }
  if (mistakes.length > 0) throw new KeysMistake(mistakes);
  return all;
}

/** What processes judge requests by: digests of keys that were not revoked. `version` grows with every set. */
export function keySetOf(tenants: readonly TenantRecord[], version: number): KeySet {
  const anonymous = tenants.find(({ name }) => name === ANONYMOUS);
  return {
    version,
    tenants: tenants.map(({ keys: _, ...tenant }): Tenant => tenant),
    keys: tenants.flatMap(({ name, keys }) =>
      keys
        .filter(({ revoked }) => revoked === undefined)
        .map(({ hash, id, expires }) => ({
          hash,
          id,
          tenant: name,
          ...(expires !== undefined && { expires }),
        })),
    ),
    ...(anonymous !== undefined && { anonymous: ANONYMOUS }),
  };
}
