import { duration, plural } from '../../../figures.js';
import type { State } from '../../wire.js';
import { byId, fill, h } from '../dom.js';
import type { Link, Store } from '../store.js';
import type { Mood } from '../widgets.js';

const LINKS: Readonly<Record<Link, readonly [mood: Mood, text: string]>> = {
  connecting: ['waiting', 'Connecting'],
  live: ['good', 'Live'],
  late: ['warn', 'No news for a while'],
  lost: ['bad', 'Disconnected'],
  closed: ['bad', 'Signed out'],
  full: ['warn', 'Too many dashboards are open'],
};
const HEALTH = { healthy: 'good', degraded: 'warn', unhealthy: 'bad' } as const;
const NAMES: Readonly<Partial<Record<keyof State, string>>> = {
  upstreams: 'origin servers',
  hot: 'top keys',
  jobs: 'warm-up jobs',
};

/** The line at the top, and what is wrong below it. */
export function renderTop(store: Store): void {
  const { state, link } = store;
  const [mood, text] = LINKS[link];
  const dot = byId('link');
  dot.className = `dot ${mood}`;
  dot.setAttribute('aria-label', text);
  dot.title = text;
  document.body.dataset.link = link;
  const pill = byId('health');
  if (link === 'lost' || link === 'closed') {
    pill.className = 'pill bad';
    pill.textContent = link === 'lost' ? 'disconnected' : 'signed out';
  } else if (state.health !== undefined) {
    pill.className = `pill ${HEALTH[state.health.status]}`;
    pill.textContent = state.health.status;
  }
  const { status, nodes } = state;
  if (status !== undefined) {
    const up = duration(Math.max(0, (Date.now() - status.startedAt) / 1000));
    byId('uptime').textContent = `up ${up}, ${plural(status.workers, 'process', 'processes')}`;
  }
  byId('scope').hidden = nodes === undefined || nodes.length < 2;
  banners(store);
}

function banners({ link, state, failed }: Store): void {
  const lines: (readonly [mood: Mood, text: string, reload: boolean])[] = [];
  if (link === 'lost')
    lines.push(['bad', 'Disconnected. The figures below are the last that came; trying again.', false]);
  if (link === 'closed') lines.push(['bad', 'You are signed out, or have no permission any more.', true]);
  if (link === 'late')
    lines.push(['warn', 'The proxy is slow to tell its figures; those below are old.', false]);
  if (link === 'full')
    lines.push([
      'warn',
      'Too many dashboards are open at this proxy. This one shows no news until one is closed.',
      false,
    ]);
  const checks = Object.values(state.health?.checks ?? {});
  for (const { status, detail } of checks)
    if (status === 'degraded' || status === 'failed')
      lines.push([status === 'failed' ? 'bad' : 'warn', detail, false]);
  if (failed.length > 0) {
    const names = failed.map((name) => NAMES[name] ?? name).join(', ');
    lines.push(['warn', `Can not be read at present: ${names}.`, false]);
  }
  const shown = lines.map(([, text]) => text).join('\n');
  const area = byId('banners');
  if (area.dataset.shown === shown) return;
  area.dataset.shown = shown;
  const reload = () => h('button', { class: 'quiet', click: () => location.reload() }, 'Sign in');
  fill(
    area,
    ...lines.map(([mood, text, again]) => h('p', { class: `banner ${mood}` }, text, ' ', again && reload())),
  );
}
