import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Account, type Change, momentOf, type Taken } from '../../../src/tenants/account.js';
import { type Known, Ledger, type SharedAccounts } from '../../../src/tenants/ledger.js';
import { type Limits, limitsOf } from '../../../src/tenants/limits.js';
import { TenantMeter } from '../../../src/tenants/meter.js';
import type { Grant, GrantAsk, Tenant } from '../../../src/tenants/tenant.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const NOON = Date.UTC(2026, 0, 1, 12);
const MIDNIGHT = Date.UTC(2026, 0, 2);
const tenantOf = (limits: Partial<Tenant>): Tenant => ({ name: 'alice', diagnostics: false, ...limits });

/** Accounts that nodes share, by a clock of their own; they can be away, and can lose everything. */
class Shared implements SharedAccounts {
  away = false;
  asked = 0;
  readonly accounts = new Map<string, Account>();

  constructor(private readonly clock: FakeClock) {}

  async take(tenant: string, limits: Limits, want: number, change: Change, floor?: Known): Promise<Taken> {
    this.asked += 1;
    await Promise.resolve();
    if (this.away) throw new Error('away');
    const at = momentOf(this.clock);
    const account = this.accounts.get(tenant) ?? new Account(at);
    this.accounts.set(tenant, account);
    if (floor !== undefined) account.remember(floor);
    return account.take(limits, want, change, at);
  }
}

interface Setup {
  readonly nodes?: number;
  readonly processes?: number;
  readonly at?: number;
  readonly together?: boolean;
}

/** Nodes, each with processes that answer clients of one tenant. */
function region(tenant: Tenant, { nodes = 1, processes = 1, at = NOON, together = nodes > 1 }: Setup = {}) {
  const clock = new FakeClock(at);
  const shared = new Shared(clock);
  const changes: string[] = [];
  const ledgers = Array.from({ length: nodes }, (_, node) => {
    return new Ledger({
      clock,
      tenant: (name) => (name === tenant.name ? tenant : undefined),
      shared: together ? shared : undefined,
      nodes: () => nodes,
      onChange: (is) => changes.push(`${node}:${is}`),
    });
  });
  const meters = ledgers.flatMap((ledger) =>
    Array.from({ length: processes }, () => new TenantMeter({ clock, grant: (ask) => ledger.grant(ask) })),
  );
  return { clock, shared, ledgers, meters, changes };
}

/** What a bucket of that burst and rate holds at its emptiest: below 0 some t seconds saw more than `burst + rate · t`. */
function worstOf(times: readonly number[], burst: number, rate: number): number {
  let level = burst;
  let worst = burst;
  let last = times[0] ?? 0;
  for (const time of times) {
    level = Math.min(burst, level + ((time - last) * rate) / 1000) - 1;
    last = time;
    worst = Math.min(worst, level);
  }
  return worst;
}

async function letIn(meter: TenantMeter, tenant: Tenant, requests: number): Promise<number> {
  const verdicts = await Promise.all(Array.from({ length: requests }, () => meter.take(tenant)));
  return verdicts.filter((verdict) => verdict === 'in').length;
}

describe('a tenant is never let in beyond its limits', () => {
  const limits = fc.record({
    rate: fc.option(
      fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 41, max: 2000 }), fc.constant(0.5)),
      {
        nil: undefined,
      },
    ),
    burst: fc.option(fc.integer({ min: 1, max: 300 }), { nil: undefined }),
    quota: fc.option(fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1000, max: 20_000 })), {
      nil: undefined,
    }),
  });
  const steps = fc.array(
    fc.record({
      process: fc.nat(5),
      requests: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 60 })),
      ms: fc.oneof(fc.constant(0), fc.nat(400)),
    }),
    { minLength: 1, maxLength: 60 },
  );
  const shape = fc.record({
    nodes: fc.integer({ min: 1, max: 3 }),
    processes: fc.integer({ min: 1, max: 2 }),
    together: fc.boolean(),
  });

  it('over any number of processes and nodes: burst + rate · t in any t seconds, and the quota in a day', async () => {
    await fc.assert(
      fc.asyncProperty(
        limits,
        steps,
        shape,
        async ({ rate, burst, quota }, list, { nodes, processes, together }) => {
          const tenant = tenantOf({
            ...(rate !== undefined && { rate }),
            ...(burst !== undefined && { burst }),
            ...(quota !== undefined && { quota }),
          });
          // Nodes that share nothing are one another's strangers.
          const count = together ? nodes : 1;
          const { clock, meters } = region(tenant, { nodes: count, processes, together });
          const times: number[] = [];
          for (const { process, requests, ms } of list) {
            clock.advance(ms);
            const n = await letIn(meters[process % meters.length]!, tenant, requests);
            for (let i = 0; i < n; i++) times.push(clock.now());
          }
          if (quota !== undefined) expect(times.length).toBeLessThanOrEqual(quota);
          if (rate === undefined) return;
          expect(worstOf(times, burst ?? Math.max(1, Math.ceil(rate)), rate)).toBeGreaterThan(-1e-6);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('what many processes took ahead and use late is no second burst', async () => {
    const tenant = tenantOf({ rate: 100, burst: 30 });
    const { clock, meters } = region(tenant, { processes: 8 });
    for (const meter of meters) await letIn(meter, tenant, 1);
    clock.advance(99);
    let n = 0;
    for (const meter of meters) n += await letIn(meter, tenant, 50);
    expect(n).toBeLessThanOrEqual(30);
    expect(n).toBeGreaterThanOrEqual(20);
  });

  it('and gets what it may: a steady client of half its rate is never refused', async () => {
    const tenant = tenantOf({ rate: 10 });
    const { clock, meters } = region(tenant, { nodes: 3 });
    for (let i = 0; i < 100; i++) {
      clock.advance(200);
      expect(await letIn(meters[i % 3]!, tenant, 1)).toBe(1);
    }
  });

  it('burst is what it may ask at once, then it waits at its rate and is told how long', async () => {
    const tenant = tenantOf({ rate: 2, burst: 5 });
    const { clock, meters } = region(tenant);
    expect(await letIn(meters[0]!, tenant, 9)).toBe(5);
    expect(meters[0]!.takeNow(tenant)).toEqual({ why: 'rate', ms: 500 });
    clock.advance(499);
    expect(meters[0]!.takeNow(tenant)).toEqual({ why: 'rate', ms: 1 });
    clock.advance(1);
    expect(meters[0]!.takeNow(tenant)).toBe('in');
    expect(meters[0]!.takeNow(tenant)).toEqual({ why: 'rate', ms: 500 });
  });

  it('without limits nobody is asked', () => {
    const { meters, shared } = region(tenantOf({}), { nodes: 2 });
    expect(meters[0]!.takeNow(tenantOf({}))).toBe('in');
    expect(shared.asked).toBe(0);
  });
});

describe('the quota of a day', () => {
  it('ends with the time until midnight UTC, and begins anew then', async () => {
    const tenant = tenantOf({ quota: 3 });
    const { clock, meters } = region(tenant, { at: MIDNIGHT - 90_000 });
    expect(await letIn(meters[0]!, tenant, 5)).toBe(3);
    expect(meters[0]!.takeNow(tenant)).toEqual({ why: 'quota', ms: 90_000 });
    clock.advance(89_999);
    expect(await letIn(meters[0]!, tenant, 1)).toBe(0);
    clock.advance(1);
    expect(await letIn(meters[0]!, tenant, 5)).toBe(3);
  });

  it('what was taken ahead before midnight is not of the next day', async () => {
    const tenant = tenantOf({ quota: 10_000 });
    const { clock, meters, ledgers } = region(tenant, { at: MIDNIGHT - 100 });
    expect(await letIn(meters[0]!, tenant, 1)).toBe(1); // and nine ahead
    clock.advance(100);
    let n = 0;
    for (let i = 0; i < 20; i++) n += await letIn(meters[0]!, tenant, 1000);
    expect(n).toBe(10_000);
    expect(ledgers[0]!.used()).toMatchObject([{ used: 10_000 }]);
  });

  it('a clock set back across midnight does not give it twice', async () => {
    const tenant = tenantOf({ quota: 3 });
    const { clock, meters } = region(tenant, { at: MIDNIGHT + 1000 });
    expect(await letIn(meters[0]!, tenant, 3)).toBe(3);
    clock.advance(-2000);
    clock.advance(1000);
    expect(await letIn(meters[0]!, tenant, 1)).toBe(0);
  });

  it('what a process took ahead and did not use goes back, to the last request', async () => {
    const tenant = tenantOf({ quota: 2000 }); // two at a time
    const { clock, meters } = region(tenant, { nodes: 2, processes: 2 });
    for (const meter of meters) expect(await letIn(meter, tenant, 1)).toBe(1);
    expect(await letIn(meters[0]!, tenant, 1993)).toBe(1993);
    // Three processes hold one each; until they give it back nobody else can have it.
    await letIn(meters[0]!, tenant, 10);
    clock.advance(5000);
    await settle();
    let more = 0;
    for (let i = 0; i < 3; i++) {
      clock.advance(1001);
      more += await letIn(meters[0]!, tenant, 10);
      await settle();
    }
    expect(4 + 1993 + more).toBeLessThanOrEqual(2000);
    const total = (await Promise.all(meters.slice(1).map((meter) => letIn(meter, tenant, 10)))).reduce(
      (a, b) => a + b,
      0,
    );
    expect(total).toBe(0);
  });

  it('survives a restart of a node that is alone', async () => {
    const tenant = tenantOf({ quota: 5 });
    const first = region(tenant);
    expect(await letIn(first.meters[0]!, tenant, 4)).toBe(4);
    const second = region(tenant);
    for (const { tenant: name, ...known } of first.ledgers[0]!.used())
      second.ledgers[0]!.remember(name, known);
    expect(await letIn(second.meters[0]!, tenant, 4)).toBe(1);
  });
});

describe('while the shared accounts are away', () => {
  it('each node keeps to an equal share of what was left, and all of it is told on return', async () => {
    const tenant = tenantOf({ quota: 100 });
    const { clock, shared, meters, ledgers, changes } = region(tenant, { nodes: 3 });
    expect(await letIn(meters[0]!, tenant, 40)).toBe(40);
    for (const meter of meters.slice(1)) expect(await letIn(meter, tenant, 1)).toBe(1);
    shared.away = true;
    const shares = [];
    for (const meter of meters) {
      clock.advance(1);
      shares.push(await letIn(meter, tenant, 100));
    }
    // Each divides what was left as it knew it: 60, 59 and 58.
    expect(shares).toEqual([20, 19, 19]);
    expect(changes).toEqual(['0:false', '1:false', '2:false']);
    shared.away = false;
    clock.advance(1250);
    await settle();
    expect(changes.slice(3).sort()).toEqual(['0:true', '1:true', '2:true']);
    expect(shared.accounts.get('alice')!.used.used).toBe(42 + 58);
    expect(await ledgers[0]!.usedToday('alice')).toMatchObject({ used: 100 });
    clock.advance(1000);
    expect(await letIn(meters[1]!, tenant, 5)).toBe(0);
  });

  it('and they come back empty: what the nodes know counts', async () => {
    const tenant = tenantOf({ quota: 100 });
    const { clock, shared, meters } = region(tenant, { nodes: 2 });
    expect(await letIn(meters[0]!, tenant, 30)).toBe(30);
    expect(await letIn(meters[1]!, tenant, 30)).toBe(30);
    shared.away = true;
    expect(await letIn(meters[0]!, tenant, 5)).toBe(5);
    expect(await letIn(meters[1]!, tenant, 5)).toBe(5);
    shared.accounts.clear();
    shared.away = false;
    clock.advance(1250);
    await settle();
    clock.advance(1000);
    const rest = (await letIn(meters[0]!, tenant, 100)) + (await letIn(meters[1]!, tenant, 100));
    // 30 were left. The first to tell was last told of 30 used, so its five pass for some of the other's thirty.
    expect(rest).toBe(35);
  });

  it('the rate is divided, and together they begin with no more than one burst', async () => {
    const tenant = tenantOf({ rate: 12, burst: 12 });
    const { clock, shared, meters } = region(tenant, { nodes: 3 });
    shared.away = true;
    const first = await Promise.all(meters.map((meter) => letIn(meter, tenant, 50)));
    expect(first).toEqual([4, 4, 4]);
    let n = 0;
    for (let i = 0; i < 40; i++) {
      clock.advance(250);
      for (const meter of meters) n += await letIn(meter, tenant, 10);
    }
    expect(n).toBeLessThanOrEqual(120);
    expect(n).toBeGreaterThanOrEqual(110);
  });

  it('nobody waits for them twice: one failure, then the share decides at once', async () => {
    const tenant = tenantOf({ rate: 1000, burst: 1000 });
    const { shared, meters } = region(tenant, { nodes: 2 });
    shared.away = true;
    await letIn(meters[0]!, tenant, 1);
    const { asked } = shared;
    for (let i = 0; i < 20; i++) expect(meters[0]!.takeNow(tenant)).toBe('in');
    expect(shared.asked).toBe(asked);
  });

  it('a ledger that is stopped looks no more', async () => {
    const tenant = tenantOf({ rate: 1 });
    const { clock, shared, meters, ledgers } = region(tenant, { nodes: 2 });
    shared.away = true;
    await letIn(meters[0]!, tenant, 1);
    ledgers[0]!.stop();
    const { asked } = shared;
    clock.advance(60_000);
    await settle();
    expect(shared.asked).toBe(asked);
  });
});

describe('a process', () => {
  function withLedger() {
    const clock = new FakeClock(NOON);
    const asks: GrantAsk[] = [];
    let answer: (grant: Grant | Error) => void = () => {};
    const meter = new TenantMeter({
      clock,
      grant: (ask) => {
        asks.push(ask);
        return new Promise((resolve, reject) => {
          answer = (grant) => (grant instanceof Error ? reject(grant) : resolve(grant));
        });
      },
    });
    return { clock, asks, meter, answer: (grant: Grant | Error) => answer(grant) };
  }
  const tenant = tenantOf({ rate: 100, burst: 100 });

  it('asks once for all who wait, and for each of them', async () => {
    const { meter, asks, answer } = withLedger();
    expect(meter.takeNow(tenant)).toBe('ask');
    const waiting = Promise.all(Array.from({ length: 20 }, () => meter.take(tenant)));
    await settle();
    expect(asks).toHaveLength(1);
    answer({ given: 5, forMs: 100 });
    await settle();
    expect(asks[1]).toMatchObject({ want: 15 });
    answer({ given: 15, forMs: 100 });
    expect(new Set(await waiting)).toEqual(new Set(['in']));
  });

  it('what was granted is of use from when it was asked for: a slow ledger adds nothing to the rate', async () => {
    const { clock, meter, asks, answer } = withLedger();
    const first = meter.take(tenant);
    clock.advance(80);
    answer({ given: 5, forMs: 100 });
    expect(await first).toBe('in');
    clock.advance(19);
    expect(meter.takeNow(tenant)).toBe('in');
    clock.advance(1);
    expect(meter.takeNow(tenant)).toBe('ask');
    // What was taken ahead and can't be used has gone back, or goes with this question.
    expect(asks.slice(1).reduce((sum, { unused }) => sum + unused, 0)).toBe(3);
  });

  it('who has waited is let in, also where the ledger takes longer than what it grants is of use', async () => {
    const { clock, meter, asks, answer } = withLedger();
    const waiting = Promise.all(Array.from({ length: 7 }, () => meter.take(tenant)));
    clock.advance(500);
    answer({ given: 5, forMs: 100 });
    await settle();
    expect(asks).toHaveLength(2);
    expect(asks[1]).toMatchObject({ want: 5, unused: 0 });
    clock.advance(500);
    answer({ given: 5, forMs: 100 });
    expect(await waiting).toEqual(Array(7).fill('in'));
    expect(meter.takeNow(tenant)).toBe('ask');
    expect(asks[2]).toMatchObject({ unused: 3 });
  });

  it('takes ahead, so that hot requests need not ask', async () => {
    const { meter, asks, answer } = withLedger();
    const first = meter.take(tenant);
    expect(asks[0]).toMatchObject({ want: limitsOf(tenant).portion.size });
    answer({ given: 5, forMs: 100 });
    await first;
    for (let i = 0; i < 4; i++) expect(meter.takeNow(tenant)).toBe('in');
    expect(meter.takeNow(tenant)).toBe('ask');
  });

  it('lets in when its ledger does not answer, and tells it so with the next question', async () => {
    const { meter, asks, answer } = withLedger();
    const first = meter.take(tenant);
    answer(new Error('no answer within 1000 ms'));
    expect(await first).toBe('in');
    for (let i = 0; i < 4; i++) expect(meter.takeNow(tenant)).toBe('in');
    meter.takeNow(tenant);
    expect(asks[1]!.unused).toBe(-5);
  });

  it('forgets a refusal when its limits change', async () => {
    const { meter, asks, answer } = withLedger();
    const first = meter.take(tenant);
    answer({ given: 0, forMs: 86_400_000, refused: 'quota' });
    expect(await first).toEqual({ why: 'quota', ms: 86_400_000 });
    meter.limits([tenant]);
    expect(meter.takeNow(tenant)).toBe('ask');
    expect(asks).toHaveLength(2);
  });

  it('asks again a second after a refusal, also when the clock was set back', async () => {
    const { clock, meter, asks, answer } = withLedger();
    const first = meter.take(tenant);
    answer({ given: 0, forMs: 86_400_000, refused: 'quota' });
    await first;
    clock.set(-3_600_000);
    expect(meter.takeNow(tenant)).toMatchObject({ why: 'quota' });
    clock.advance(1000);
    expect(meter.takeNow(tenant)).toBe('ask');
    expect(asks).toHaveLength(2);
  });

  it('a tenant that vanishes while its requests wait keeps nobody busy', async () => {
    const { meter, answer, asks } = withLedger();
    const waiting = meter.take(tenant);
    meter.limits([]);
    answer({ given: 5, forMs: 100 });
    await settle();
    expect(asks).toHaveLength(2);
    answer({ given: 0, forMs: 1000, refused: 'rate' });
    expect(await waiting).toEqual({ why: 'rate', ms: 1000 });
  });
});
