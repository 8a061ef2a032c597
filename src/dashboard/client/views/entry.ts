import type { EntryAnswer } from '../../../admin/answers/keys.js';
import type { Preview } from '../../../admin/preview.js';
import { bytes, duration } from '../../../figures.js';
import { once } from '../../../once.js';
import { ask, messageOf, Refused } from '../api.js';
import { byId, type Child, fill, h, within } from '../dom.js';
import { indented } from '../json-text.js';
import type { Store } from '../store.js';
import { type Rules, whyStored } from '../why.js';
import { empty, facts, failure, keyText, type Mood, pill, table } from '../widgets.js';

/** A picture comes by a path of its own. */
type PreviewAnswer =
  | Exclude<Preview, { kind: 'image' }>
  | { readonly kind: 'image'; readonly type: string; readonly length: number };

const STATES: Readonly<Record<EntryAnswer['state'], Mood>> = {
  fresh: 'good',
  stale: 'warn',
  expired: 'off',
  purged: 'bad',
};

/** The sheet that shows one entry. `closed`: somebody has closed it. */
export function entrySheet(store: Store, closed: () => void): { open(key: string): void; close(): void } {
  const sheet = byId('entry') as HTMLDialogElement;
  const body = byId('entry-body');
  let asked = '';
  const close = () => {
    asked = '';
    sheet.close();
  };
  within(sheet, '.close').addEventListener('click', () => sheet.close());
  // A click beside it.
  sheet.addEventListener('click', ({ target }) => target === sheet && sheet.close());
  sheet.addEventListener('close', closed);
  const config = once(() => ask<ConfigAnswer>('/dashboard/api/config'));
  const open = async (key: string) => {
    asked = key;
    fill(byId('entry-key'), ...keyText(key));
    fill(body, h('p', { class: 'empty' }, 'Loading …'));
    if (!sheet.open) sheet.showModal();
    try {
      const [entry, settings] = await Promise.all([
        ask<EntryAnswer>('/dashboard/api/cache/entry', { key }),
        config().catch(() => undefined),
      ]);
      if (asked === key) fill(body, ...described(entry, rulesOf(store, settings)));
    } catch (error) {
      const gone = error instanceof Refused && error.status === 404;
      if (asked === key)
        fill(body, gone ? empty('Nothing is stored under this key (any more).') : failure(error));
    }
  };
  return { open: (key) => void open(key), close };
}

function described(entry: EntryAnswer, rules: Rules): Child[] {
  return [
    h(
      'div',
      { class: 'row' },
      pill(entry.state, STATES[entry.state]),
      pill(`${entry.status}`, entry.status < 400 ? 'good' : 'warn'),
      pill(entry.class, 'off'),
      ...[...new Set(entry.copies.map(({ tier }) => tier))].map((tier) => pill(tier, 'off')),
    ),
    life(entry),
    h(
      'div',
      { class: 'grid' },
      factsOf(entry),
      h('div', {}, h('h3', {}, 'Why it is stored'), why(entry, rules)),
    ),
    tags(entry),
    preview(entry),
    h('h3', {}, 'Fields, as the origin sent them'),
    table<readonly [string, string]>(
      'Fields',
      [
        { title: 'Field', cell: ([name]) => name },
        { title: 'Value', cell: ([, value]) => h('code', {}, value) },
      ],
      entry.headers,
    ),
    h(
      'div',
      { class: 'row end' },
      h('a', { class: 'button danger', href: purgeLink('key', entry.primary_key) }, 'Purge …'),
    ),
  ];
}

/** Its life as a line: fresh, stale but of use, and where it is now. */
function life({ age, lifetime, stale_while_revalidate: swr, stale_if_error: sie }: EntryAnswer): HTMLElement {
  const stale = Math.max(swr, sie);
  // A week of staleness would leave a line of it and a dot of freshness.
  const shown = lifetime + Math.min(stale, lifetime);
  const at =
    age <= lifetime
      ? age
      : lifetime + Math.min(1, (age - lifetime) / Math.max(1, stale)) * Math.min(stale, lifetime);
  const left = lifetime - age;
  const said = left > 0 ? `fresh for another ${duration(left)}` : `stale since ${duration(left)}`;
  return h(
    'figure',
    {
      class: 'life',
      '--fresh': shown === 0 ? 0 : lifetime / shown,
      '--now': shown === 0 ? 0 : Math.min(1, at / shown),
    },
    h(
      'div',
      { class: 'line', role: 'img', 'aria-label': said },
      h('i', { class: 'fresh' }),
      h('i', { class: 'stale' }),
      h('b'),
    ),
    h(
      'figcaption',
      {},
      h('span', {}, `${duration(age)} old`),
      h('span', {}, said),
      h('span', {}, `of use for ${duration(lifetime + stale)}`),
    ),
  );
}

function factsOf(entry: EntryAnswer): HTMLElement {
  const when = (iso: string) => new Date(iso).toLocaleString();
  return facts([
    ['Stored', when(entry.stored_at)],
    ['Fresh until', when(entry.fresh_until)],
    ['Of use until', when(entry.useful_until)],
    ['In memory for', duration(entry.memory_ttl)],
    ['Size', `${bytes(entry.size)}, ${entry.coding}`],
    ['Copies', entry.copies.map(({ tier, bytes: size }) => `${tier} ${bytes(size)}`).join(', ')],
    ['Purge clock', String(entry.epoch)],
  ]);
}

function why(entry: EntryAnswer, rules: Rules): HTMLElement {
  return h('ul', { class: 'why' }, ...whyStored(entry, rules).map((sentence) => h('li', {}, sentence)));
}

/** As `GET /config` has them: `CHANGE_FEED_TTL` in minutes. */
type ConfigAnswer = Readonly<
  Record<string, { readonly value: string | number | boolean | null } | undefined>
>;

function rulesOf({ state }: Store, config: ConfigAnswer | undefined): Rules {
  const minutes = config?.CHANGE_FEED_TTL?.value;
  const followed = state.stats?.change_feed != null && typeof minutes === 'number';
  const policy = config?.TTL_POLICY?.value;
  return {
    info: state.info,
    policy: typeof policy === 'string' ? policy : undefined,
    covered: followed ? minutes * 60 : undefined,
  };
}

function tags({ tags }: EntryAnswer): HTMLElement | null {
  if (tags.length === 0) return null;
  const chips = tags.map((tag) =>
    h('a', { class: 'chip', href: purgeLink('tag', tag), title: `Purge ${tag} …` }, tag),
  );
  return h('div', {}, h('h3', {}, 'Tags'), h('p', { class: 'chips' }, ...chips));
}

function preview({ key, marker }: EntryAnswer): HTMLElement | null {
  if (marker) return null;
  const place = h('div', { class: 'preview' }, h('p', { class: 'empty' }, 'Loading …'));
  ask<PreviewAnswer>('/dashboard/preview', { key }).then(
    (answer) => fill(place, ...shownBody(key, answer)),
    (error: unknown) => {
      const isNone = error instanceof Refused && error.status === 404;
      fill(place, isNone ? empty(messageOf(error)) : failure(error));
    },
  );
  return h('div', {}, h('h3', {}, 'Preview'), place);
}

function shownBody(key: string, answer: PreviewAnswer): Child[] {
  if (answer.kind === 'none') return [empty(answer.reason)];
  if (answer.kind === 'image') {
    const src = `/dashboard/image?key=${encodeURIComponent(key)}`;
    return [
      h('img', { src, alt: 'The stored picture' }),
      h('p', { class: 'dim' }, `${answer.type}, ${bytes(answer.length)}`),
    ];
  }
  const { json, text, length, truncated } = answer;
  return [
    h('pre', { tabindex: 0 }, json && !truncated ? indented(text) : text),
    h('p', { class: 'dim' }, `${bytes(length)}${truncated ? ', of which the beginning is shown' : ''}`),
  ];
}

function purgeLink(what: string, value: string): string {
  return `#purge?${new URLSearchParams({ what, value })}`;
}
