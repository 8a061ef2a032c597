import type { KeyRow, KeysAnswer } from '../../../admin/answers/keys.js';
import { bytes, count, duration } from '../../../figures.js';
import { ask } from '../api.js';
import { fieldText } from '../choices.js';
import { byId, fill, h } from '../dom.js';
import { empty, failure, keyLink, pill, table } from '../widgets.js';

const ROWS = '50';

/** Search in keys, page by page. */
export function entries(): () => void {
  const form = byId('search');
  const place = byId('found');
  let run = 0;
  let listed = false;

  const search = async (cursor: string, before: readonly KeyRow[]) => {
    const mine = ++run;
    place.setAttribute('aria-busy', 'true');
    const q = fieldText(form, 'q');
    const path = q === '' ? '/dashboard/api/cache/keys' : '/dashboard/api/cache/search';
    const query = { q, tier: fieldText(form, 'tier'), class: fieldText(form, 'class'), cursor, limit: ROWS };
    try {
      const page = await ask<KeysAnswer>(path, query);
      if (mine !== run) return; // a later search has overtaken this one
      const rows = [...before, ...page.keys];
      const more = place.contains(document.activeElement);
      fill(place, ...shown(q, rows, page, (next) => void search(next, rows)));
      // The button that had the focus is gone: reading goes on with the first row that came.
      if (more) place.querySelectorAll<HTMLElement>('.key')[before.length]?.focus();
    } catch (error) {
      if (mine === run) fill(place, failure(error));
    } finally {
      if (mine === run) place.removeAttribute('aria-busy');
    }
  };

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void search('', []);
  });
  for (const select of form.querySelectorAll('select'))
    select.addEventListener('change', () => void search('', []));
  return () => {
    if (listed) return;
    listed = true;
    void search('', []);
  };
}

function shown(
  q: string,
  rows: readonly KeyRow[],
  { total, total_is_estimate: about, next_cursor: next }: KeysAnswer,
  more: (cursor: string) => void,
): HTMLElement[] {
  if (rows.length === 0 && next === null)
    return [empty(q === '' ? 'Nothing is stored yet.' : `No key contains “${q}”.`)];
  const of = q !== '' ? (next === null ? '' : ', more below') : ` of ${about ? 'about ' : ''}${count(total)}`;
  return [
    h('h2', {}, `${count(rows.length)}${of} `, h('small', {}, rows.length === 1 ? 'key' : 'keys')),
    rows.length === 0 ? empty('Nothing among the keys that were looked at so far.') : rowsTable(rows),
    ...(next === null
      ? []
      : [
          h('div', { class: 'row center' }, h('button', { type: 'button', click: () => more(next) }, 'More')),
        ]),
  ];
}

function rowsTable(rows: readonly KeyRow[]): HTMLElement {
  return table<KeyRow>(
    'Stored keys',
    [
      { title: 'Key', cell: ({ key }) => keyLink(key) },
      { title: 'Class', cell: (row) => row.class },
      { title: 'Status', cell: ({ status }) => String(status), figure: true },
      { title: 'Tiers', cell: ({ tiers }) => tiers.join(', ') },
      { title: 'Size', cell: ({ size }) => bytes(size), figure: true },
      { title: 'Age', cell: ({ age }) => duration(age), figure: true },
      { title: 'Fresh for', cell: freshness, figure: true },
    ],
    rows,
  );
}

function freshness({ ttl }: KeyRow): HTMLElement | string {
  return ttl > 0 ? duration(ttl) : pill(`stale for ${duration(ttl)}`, 'warn');
}
