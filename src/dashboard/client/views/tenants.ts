import type { TenantRow } from '../../../admin/answers/tenants.js';
import { bytes, count, NONE, percent } from '../../../figures.js';
import { h, put } from '../dom.js';
import type { Store } from '../store.js';
import { empty, meter, pill, table } from '../widgets.js';

/** Who asks, and how much. */
export function tenants(store: Store): () => void {
  return () => {
    const { tenants: known } = store.state;
    if (known === undefined) return;
    if (known.total === 0) {
      put('tenants-table', empty('No tenants: clients need no key here. “keys add NAME” makes the first.'));
      return;
    }
    put('tenants-table', h('div', {}, tenantsTable(known.rows), more(known.total - known.rows.length)));
  };
}

function more(left: number): HTMLElement | null {
  return left > 0
    ? h('p', { class: 'dim' }, `And ${count(left)} more, with fewer requests: GET /tenants has all.`)
    : null;
}

function tenantsTable(rows: readonly TenantRow[]): HTMLElement {
  const figure = true;
  return table<TenantRow>(
    'Tenants',
    [
      {
        title: 'Tenant',
        cell: ({ tenant, complete }) =>
          h('span', {}, tenant, ' ', complete ? null : pill('this node only', 'warn')),
      },
      { title: 'Requests', cell: ({ today }) => count(today.requests), figure },
      {
        title: 'From cache',
        cell: ({ today: { hits, requests } }) => (requests === 0 ? NONE : percent(hits / requests)),
        figure,
      },
      { title: 'Origin', cell: ({ today }) => count(today.origin_requests), figure },
      { title: 'Bytes', cell: ({ today }) => bytes(today.bytes), figure },
      { title: 'Refused', cell: ({ today }) => count(today.refused), figure },
      { title: 'Rate', cell: ({ rate }) => (rate === null ? 'no limit' : `${rate}/s`), figure },
      { title: 'Quota', cell: quota },
      { title: 'Keys', cell: keys },
    ],
    rows,
  );
}

function quota({ quota, today: { quota_left: left } }: TenantRow): HTMLElement | string {
  if (quota === null || left === null) return 'no limit';
  const used = quota === 0 ? 1 : 1 - left / quota;
  return h(
    'span',
    { class: 'weight' },
    meter(used, 'Quota used', used >= 1 ? 'bad' : used > 0.8 ? 'warn' : 'good'),
    ` ${count(left)} left`,
  );
}

function keys({ keys: held, expires }: TenantRow): HTMLElement {
  const good = held.filter(({ revoked }) => revoked === null).length;
  const until = expires === null ? '' : `, until ${new Date(expires).toLocaleDateString()}`;
  return h('span', {}, `${good} of ${held.length}${until}`);
}
