import { messageOf } from './api.js';
import { type Child, h } from './dom.js';
import { keyParts } from './key-parts.js';

/** How well something is: its colour, and its word for those who see none. */
export type Mood = 'good' | 'warn' | 'bad' | 'off' | 'waiting';

/** Of a server or a region that is asked. */
export const SERVER_MOODS = { healthy: 'good', degraded: 'warn', down: 'bad', unknown: 'off' } as const;

export function pill(text: string, mood: Mood): HTMLElement {
  return h('span', { class: `pill ${mood}` }, text);
}

export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => Child;
  /** Figures stand at the right. */
  readonly figure?: boolean;
}

/** A table that becomes a list of cards where there is no room for it. */
export function table<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): HTMLElement {
  const head = columns.map(({ title, figure }) =>
    h('th', { scope: 'col', class: figure ? 'figure' : undefined }, title),
  );
  const body = rows.map((row) =>
    h(
      'tr',
      {},
      ...columns.map(({ title, cell, figure }) =>
        h('td', { 'data-title': title, class: figure ? 'figure' : undefined }, cell(row)),
      ),
    ),
  );
  return h(
    'div',
    { class: 'scroll' },
    h(
      'table',
      {},
      h('caption', { class: 'gone' }, caption),
      h('thead', {}, h('tr', {}, ...head)),
      h('tbody', {}, ...body),
    ),
  );
}

/** How much of a bound is used, 0 to 1. */
export function meter(part: number, label: string, mood: Mood = 'good'): HTMLElement {
  const used = Math.min(1, Math.max(0, part));
  return h(
    'div',
    {
      class: `meter ${mood}`,
      role: 'meter',
      'aria-label': label,
      'aria-valuemin': 0,
      'aria-valuemax': 100,
      'aria-valuenow': Math.round(used * 100),
      '--part': used,
    },
    h('i'),
  );
}

/** Shares of a whole side by side. */
export function shares(
  label: string,
  parts: readonly { readonly colour: string; readonly size: number }[],
): HTMLElement {
  const shown = parts.filter(({ size }) => size > 0);
  return h(
    'div',
    { class: 'shares', role: 'img', 'aria-label': label },
    ...shown.map(({ colour, size }) => h('i', { '--swatch': `var(--${colour})`, '--size': size })),
  );
}

export function empty(text: string): HTMLElement {
  return h('p', { class: 'empty' }, text);
}

/** A key that opens its entry. `id` where it is drawn anew by itself: it keeps the focus then. */
export function keyLink(key: string, id?: string): HTMLElement {
  const href = `#entry?key=${encodeURIComponent(key)}`;
  return h('a', { id, class: 'key', href, title: key }, ...keyText(key));
}

/** Why something can not be shown. */
export function failure(error: unknown): HTMLElement {
  return h('p', { class: 'notice error', role: 'alert' }, messageOf(error));
}

export function keyText(key: string): Child[] {
  const { place, rest } = keyParts(key);
  return [place !== '' && h('span', { class: 'place' }, place), rest];
}

/** Facts as pairs. */
export function facts(rows: readonly (readonly [name: string, value: Child])[]): HTMLElement {
  return h(
    'dl',
    { class: 'facts-list' },
    ...rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)]),
  );
}
