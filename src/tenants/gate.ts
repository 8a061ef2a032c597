import { timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.js';
import { ProxyError } from '../errors.js';
import { fieldLines, type RawHeaders } from '../http/headers.js';
import { digestOf } from './key-text.js';
import type { Denied, TenantMeter } from './meter.js';
import { presentedKeys, type Showing, withoutKeys } from './presented.js';
import type { KeySet, Tenant } from './tenant.js';

/** Who asks, and the request without the key. */
export class KnownCaller {
  readonly tenant: string;
  readonly quiet: boolean;

  constructor(
    tenant: Tenant,
    readonly target: string,
    readonly headers: RawHeaders,
    /** When the key or its tenant ends, ms since epoch. */
    readonly expires: number,
    /** Without a key. */
    readonly anonymous: boolean,
  ) {
    this.tenant = tenant.name;
    this.quiet = !tenant.diagnostics;
  }
}

interface Known {
  readonly digest: Buffer;
  readonly tenant: Tenant;
  readonly expires: number;
}

export interface GateParts {
  readonly clock: Pick<Clock, 'now'>;
  readonly meter: Pick<TenantMeter, 'takeNow' | 'take' | 'limits'>;
  /** Notes a wrong key of a client's address; seconds it should wait, 0 while there are few. */
  readonly wrong: (client: string) => number;
  /** A known caller was not let in. */
  readonly onRefused: (tenant: string) => void;
}

/** Compared where there is nothing to compare with. */
const NOBODY = Buffer.alloc(32);

/** Judges who may ask, by the set of keys that the core has told. Before it is told one nobody may. */
export class TenantGate {
  readonly #parts: GateParts;
  #version = 0;
  #keys = new Map<string, Known>();
  #tenants = new Map<string, Tenant>();
  #anonymous: Tenant | undefined;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  get version(): number {
    return this.#version;
  }

  /** Judges by this set from now on; one that is older than what it has comes late, and is left. */
  use({ version, tenants, keys, anonymous }: KeySet): void {
    if (version <= this.#version) return;
    const byName = new Map(tenants.map((tenant) => [tenant.name, tenant]));
    const byHash = new Map<string, Known>();
    for (const { hash, tenant: name, expires = Number.POSITIVE_INFINITY } of keys) {
      const tenant = byName.get(name);
      if (tenant === undefined) continue;
      const ends = Math.min(expires, tenant.expires ?? Number.POSITIVE_INFINITY);
      byHash.set(hash, { digest: Buffer.from(hash, 'base64url'), tenant, expires: ends });
    }
    this.#keys = byHash;
    this.#tenants = byName;
    this.#anonymous = anonymous === undefined ? undefined : byName.get(anonymous);
    this.#version = version;
    this.#parts.meter.limits(tenants);
  }

  identify(request: Showing, now: number): KnownCaller | ProxyError {
    const texts = presentedKeys(request);
    if (texts.length === 0) return this.#withoutKey(request, now);
    const ours = new Set<string>();
    let found: Known | undefined;
    for (const text of texts) {
      const known = this.#find(text);
      if (known === undefined) continue;
      if (found !== undefined && found !== known)
        return new ProxyError('proxy_key_unknown', 'two different keys of this proxy were sent');
      found = known;
      ours.add(text);
    }
    if (found === undefined)
      return new ProxyError('proxy_key_unknown', 'this is not, or no longer, a key of this proxy');
    if (now >= found.expires) return expired();
    const { target, headers } = withoutKeys(request, ours);
    return this.#caller(found.tenant, target, headers, found.expires, false);
  }

  wrong(client: string): ProxyError | undefined {
    const wait = this.#parts.wrong(client);
    if (wait === 0) return undefined;
    return new ProxyError('too_many_attempts', 'too many wrong keys came from this address', {
      retryAfter: wait,
    });
  }

  enterNow(caller: object, className: string): ProxyError | 'in' | 'ask' {
    const tenant = this.#allowed(caller, className);
    if (tenant instanceof ProxyError) return tenant;
    const verdict = this.#parts.meter.takeNow(tenant);
    return typeof verdict === 'string' ? verdict : deniedError(verdict, tenant);
  }

  async enter(caller: object, className: string): Promise<ProxyError | 'in'> {
    const tenant = this.#allowed(caller, className);
    const verdict = tenant instanceof ProxyError ? tenant : await this.#parts.meter.take(tenant);
    if (verdict === 'in') return verdict;
    this.#parts.onRefused((caller as KnownCaller).tenant);
    return verdict instanceof ProxyError ? verdict : deniedError(verdict, tenant as Tenant);
  }

  #withoutKey({ target, headers }: Showing, now: number): KnownCaller | ProxyError {
    const tenant = this.#anonymous;
    if (tenant === undefined) return missing();
    const expires = tenant.expires ?? Number.POSITIVE_INFINITY;
    return now < expires ? this.#caller(tenant, target, headers, expires, true) : missing();
  }

  #caller(
    tenant: Tenant,
    target: string,
    headers: RawHeaders,
    expires: number,
    anonymous: boolean,
  ): KnownCaller {
    const shown = tenant.diagnostics ? headers : withoutProbes(headers);
    return new KnownCaller(tenant, target, shown, expires, anonymous);
  }

  /** The tenant, as it is allowed now; the caller may have been remembered for a while. */
  #allowed(caller: object, className: string): Tenant | ProxyError {
    if (!(caller instanceof KnownCaller)) return missing();
    if (this.#parts.clock.now() >= caller.expires) return expired();
    const tenant = this.#tenants.get(caller.tenant);
    if (tenant === undefined)
      return new ProxyError('proxy_key_unknown', 'this is no longer a key of this proxy');
    if (tenant.classes === undefined || tenant.classes.includes(className)) return tenant;
    return caller.anonymous
      ? missing()
      : new ProxyError('proxy_key_class', `this key is not for requests of the class "${className}"`);
  }

  /** Takes the same time for any two texts of one length: digests are looked up, which tell nothing of the key, and compared. */
  #find(text: string): Known | undefined {
    const digest = digestOf(text);
    const known = this.#keys.get(digest.toString('base64url'));
    return timingSafeEqual(digest, known?.digest ?? NOBODY) ? known : undefined;
  }
}

function missing(): ProxyError {
  return new ProxyError('proxy_key_missing', 'this proxy answers those who have a key of it');
}

function expired(): ProxyError {
  return new ProxyError('proxy_key_expired', 'this key has expired');
}

function deniedError({ why, ms }: Denied, { rate, quota }: Tenant): ProxyError {
  const retryAfter = Math.max(1, Math.ceil(ms / 1000));
  return why === 'rate'
    ? new ProxyError('tenant_rate', `this key may ask ${rate} times a second`, { retryAfter })
    : new ProxyError('tenant_quota', `this key may ask ${quota} times a day`, { retryAfter });
}

/**
 * `only-if-cached` asks what is stored, which is to say what others have asked for. Who may not know asks as everybody does.
 */
function withoutProbes(headers: RawHeaders): RawHeaders {
  if (!fieldLines(headers, 'cache-control').some((line) => PROBE.test(line))) return headers;
  const kept: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!;
    if (name.toLowerCase() !== 'cache-control') {
      kept.push(name, headers[i + 1]!);
      continue;
    }
    const members = headers[i + 1]!.split(',').filter((member) => !PROBE.test(member));
    if (members.length > 0) kept.push(name, members.join(','));
  }
  return kept;
}

const PROBE = /only-if-cached/i;
