import type { PeerRow } from '../../../admin/answers/cluster.js';
import { count, duration, ms, NONE, percent, rate } from '../../../figures.js';
import type { KeyStatus } from '../../../keyring/keyring.js';
import type { NodeNow } from '../../wire.js';
import { h, put } from '../dom.js';
import type { Store } from '../store.js';
import { empty, facts, type Mood, meter, pill, SERVER_MOODS, table } from '../widgets.js';

const NODE_MOODS: Readonly<Record<NodeNow['state'], Mood>> = {
  healthy: 'good',
  degraded: 'warn',
  unhealthy: 'bad',
  draining: 'off',
};
const KEY_MOODS: Readonly<Record<KeyStatus['state'], Mood>> = {
  'in-use': 'good',
  ready: 'off',
  refused: 'bad',
};

/** Who serves, here and in other regions. */
export function nodes(store: Store): () => void {
  return () => {
    renderNodes(store);
    renderPeers(store);
    renderFeed(store);
    renderCredentials(store);
  };
}

function renderNodes({ state: { nodes } }: Store): void {
  if (nodes === undefined) return;
  const figure = true;
  put(
    'nodes-table',
    table<NodeNow>(
      'Nodes',
      [
        {
          title: 'Node',
          cell: (row) =>
            h(
              'span',
              { class: 'host' },
              row.server_id,
              row.self && h('small', { class: 'dim' }, ' this one'),
            ),
        },
        { title: 'Region', cell: ({ region }) => region },
        { title: 'State', cell: ({ state }) => pill(state, NODE_MOODS[state]) },
        { title: 'Weight', cell: weight },
        { title: 'Requests', cell: ({ now }) => (now === null ? NONE : `${rate(now.requests)}/s`), figure },
        { title: 'From cache', cell: ({ now }) => percent(now?.hit_rate ?? null), figure },
        { title: 'Processes', cell: ({ signals }) => String(signals.workers ?? NONE), figure },
        { title: 'Version', cell: ({ version }) => version },
        { title: 'Up', cell: ({ started }) => duration((Date.now() - Date.parse(started)) / 1000), figure },
        { title: 'Last heard', cell: heard, figure },
      ],
      nodes,
    ),
  );
}

function weight({ weight, state }: NodeNow): HTMLElement {
  return h('span', { class: 'weight' }, meter(weight, 'Weight', NODE_MOODS[state]), ` ${weight.toFixed(2)}`);
}

function heard({ self, signals }: NodeNow): string {
  const age = signals.heartbeat_age_ms;
  if (self || typeof age !== 'number') return 'now';
  return `${duration(age / 1000)} ago`;
}

function renderPeers({ state: { upstreams } }: Store): void {
  if (upstreams === undefined) return;
  if (upstreams.peers.length === 0) {
    put('peers', empty('None configured (PEER_PROXIES, PARENT_PROXY).'));
    return;
  }
  put(
    'peers',
    table<PeerRow>(
      'Proxies of other regions',
      [
        { title: 'Address', cell: ({ url }) => h('span', { class: 'host' }, url) },
        { title: 'Kind', cell: ({ kind }) => kind },
        { title: 'Region', cell: ({ region }) => region ?? NONE },
        { title: 'State', cell: ({ status }) => pill(status, SERVER_MOODS[status]) },
        { title: 'Version', cell: ({ version }) => version ?? NONE },
        { title: 'Answers in', cell: ({ latency_ms: latency }) => ms(latency), figure: true },
        { title: '', cell: ({ detail }) => h('span', { class: 'dim' }, detail ?? '') },
      ],
      upstreams.peers,
    ),
  );
}

function renderFeed({ state: { stats } }: Store): void {
  if (stats === undefined) return;
  const feed = stats.change_feed;
  if (feed === null) {
    put('feed', empty('Not followed here (CHANGE_FEED): details have the lifetimes of their class.'));
    return;
  }
  const kinds = ({ movie, tv, person }: { movie: number; tv: number; person: number }) =>
    `${count(movie)} movies, ${count(tv)} series, ${count(person)} people`;
  put(
    'feed',
    facts([
      ['State', pill(feed.healthy ? 'in step' : 'behind', feed.healthy ? 'good' : 'warn')],
      ['Lag', feed.lag_ms === null ? 'not read yet' : duration(feed.lag_ms / 1000)],
      ['Read by', feed.leader ? 'this node' : 'another node'],
      ['May have changed', kinds(feed.ids_seen)],
      ['Made stale', kinds(feed.softened)],
      ...(feed.reason === null ? [] : [['Why', feed.reason] as const]),
    ]),
  );
}

function renderCredentials({ state: { upstreams } }: Store): void {
  if (upstreams === undefined) return;
  const { credentials } = upstreams;
  const items = credentials.map(({ number, kind, state, refused_until: until }) =>
    h(
      'li',
      {},
      h('b', {}, `Key ${number}`),
      pill(state, KEY_MOODS[state]),
      h(
        'span',
        { class: 'dim' },
        kind,
        until === null ? '' : `, left alone until ${new Date(until).toLocaleTimeString()}`,
      ),
    ),
  );
  put(
    'credentials',
    items.length === 0 ? empty('None: clients send their own.') : h('ul', { class: 'checks' }, ...items),
  );
}
