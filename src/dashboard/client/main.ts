import { chosen } from './choices.js';
import { byId } from './dom.js';
import { follow } from './feed.js';
import { type Scope, Store } from './store.js';
import { entries } from './views/entries.js';
import { entrySheet } from './views/entry.js';
import { nodes } from './views/nodes.js';
import { overview } from './views/overview.js';
import { purge } from './views/purge.js';
import { tenants } from './views/tenants.js';
import { renderTop } from './views/top.js';
import { warm } from './views/warm.js';

/** Puts the page together: one store, its views, and what the address says is to be seen. */
function start(): void {
  const store = new Store();
  const prefill = purge();
  const listEntries = entries();
  let shown = 'overview';
  const sheet = entrySheet(store, () => {
    if (location.hash.startsWith('#entry?')) location.hash = shown;
  });
  const views: Readonly<Record<string, () => void>> = {
    overview: overview(store),
    entries: listEntries,
    purge: () => {},
    warm: warm(store),
    nodes: nodes(store),
    tenants: tenants(store),
  };
  let waiting = false;
  const render = () => {
    waiting = false;
    renderTop(store);
    views[shown]?.();
  };
  const renderSoon = () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(render);
  };

  const go = () => {
    const [name = '', search = ''] = location.hash.slice(1).split('?', 2);
    if (name === 'main') return; // the skip link: a place of the page, not a view
    const query = new URLSearchParams(search);
    if (name === 'entry') {
      sheet.open(query.get('key') ?? '');
      return;
    }
    sheet.close();
    if (name === 'purge') prefill(query);
    show(Object.hasOwn(views, name) ? name : 'overview');
  };
  const show = (name: string) => {
    // A sheet that closes leaves the list where it was.
    const moved = name !== shown;
    shown = name;
    for (const view of document.querySelectorAll<HTMLElement>('[data-view]'))
      view.hidden = view.dataset.view !== name;
    for (const tab of document.querySelectorAll<HTMLElement>('[data-tab]')) {
      if (tab.dataset.tab !== name) tab.removeAttribute('aria-current');
      else {
        tab.setAttribute('aria-current', 'page');
        // On a phone the strip of tabs is wider than the screen.
        if (moved) tab.scrollIntoView({ block: 'nearest', inline: 'nearest' });
      }
    }
    if (moved) scrollTo(0, 0);
    renderSoon();
  };

  byId('scope').addEventListener('change', () => store.setScope(chosen(document, 'scope') as Scope));
  addEventListener('hashchange', go);
  store.onChange(renderSoon);
  show(shown);
  go();
  follow(store);
}

start();
