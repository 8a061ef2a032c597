import { describe, expect, it } from 'vitest';
import { tenantRow } from '../../../src/admin/answers/tenants.js';
import { hashOf } from '../../../src/tenants/key-text.js';
import type { TenantRecord } from '../../../src/tenants/records.js';
import { tenantRows } from '../../../src/tenants/rows.js';
import type { TenantUsage } from '../../../src/tenants/tenant.js';
import type { DayUsage } from '../../../src/tenants/usage-store.js';

const NOW = Date.UTC(2026, 0, 10, 12);
const TODAY = Math.floor(NOW / 86_400_000);
const used = (tenant: string, requests: number): TenantUsage => ({
  tenant,
  requests,
  hits: 1,
  originRequests: 2,
  bytes: 3,
  refused: 4,
});
const ALICE: TenantRecord = {
  name: 'alice',
  rate: 5,
  quota: 100,
  classes: ['detail'],
  expires: Date.UTC(2027, 0, 1),
  diagnostics: true,
  keys: [{ id: 'Kabcde', hash: hashOf('x'), created: NOW, revoked: NOW }],
};
const BOB: TenantRecord = { name: 'bob', diagnostics: false, keys: [] };

const rowsOf = (tenants: TenantRecord[], days: DayUsage[], complete = true) =>
  tenantRows({
    tenants,
    now: NOW,
    ledger: { usedToday: async () => ({ day: TODAY, used: 120 }) },
    usage: { days: async () => ({ days, complete }) },
  });

describe('what the operator is shown of tenants', () => {
  it('limits, keys by id, today and the days before, as the description says', async () => {
    const days = [
      { day: TODAY, rows: [used('alice', 5), used('alice', 2), used('gone', 9)] },
      { day: TODAY - 1, rows: [used('bob', 1)] },
      { day: TODAY - 3, rows: [used('alice', 1)] },
    ];
    const [alice, bob] = await rowsOf([ALICE, BOB], days);
    expect(alice).toEqual({
      tenant: 'alice',
      rate: 5,
      burst: null,
      quota: 100,
      classes: ['detail'],
      expires: '2027-01-01T00:00:00.000Z',
      diagnostics: true,
      keys: [
        {
          id: 'Kabcde',
          created: '2026-01-10T12:00:00.000Z',
          expires: null,
          revoked: '2026-01-10T12:00:00.000Z',
        },
      ],
      today: { requests: 7, hits: 2, origin_requests: 4, bytes: 6, refused: 8, quota_left: 0 },
      days: [{ date: '2026-01-07', requests: 1, hits: 1, origin_requests: 2, bytes: 3, refused: 4 }],
      complete: true,
    });
    expect(bob).toMatchObject({ today: { requests: 0, quota_left: null }, days: [{ date: '2026-01-09' }] });
    for (const row of [alice, bob]) expect(tenantRow.parse(row)).toEqual(row);
    expect(JSON.stringify([alice, bob])).not.toContain(hashOf('x'));
  });

  it('says when it is of this node alone', async () => {
    expect((await rowsOf([BOB], [], false))[0]!.complete).toBe(false);
  });
});
