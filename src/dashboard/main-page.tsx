import type { NodeStatus } from '../admin/management.js';
import { Layout, Mark } from './layout.js';
import type { Head } from './pages.js';
import { Entries } from './views/entries.js';
import { EntryDialog } from './views/entry-dialog.js';
import { Nodes } from './views/nodes.js';
import { Overview } from './views/overview.js';
import { ConfirmDialog, Purge } from './views/purge.js';
import { Tenants } from './views/tenants.js';
import { Warm } from './views/warm.js';

export interface MainPageFacts {
  readonly status: NodeStatus;
  readonly version: string;
  readonly classes: readonly string[];
  /** There is a session to end. */
  readonly canSignOut: boolean;
}

const VIEWS = [
  ['overview', 'Overview'],
  ['entries', 'Entries'],
  ['purge', 'Purge'],
  ['warm', 'Warm-up'],
  ['nodes', 'Nodes'],
  ['tenants', 'Tenants'],
] as const;

/** The shell: everything but figures, which the page's program puts in. */
export function MainPage({ head, ...facts }: MainPageFacts & { readonly head: Head }) {
  const { classes, status } = facts;
  return (
    <Layout head={head} title={`${status.serverId} · tmdb-cache-proxy`} live>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <Top {...facts} icon={head.assets.icon.path} />
      <div id="banners" role="status" aria-live="polite" />
      <noscript>
        <p class="banner bad">
          This page needs JavaScript. The same figures are at <a href="/stats">/stats</a>,{' '}
          <a href="/health">/health</a> and <a href="/metrics">/metrics</a>.
        </p>
      </noscript>
      <main id="main" tabindex={-1}>
        <Overview />
        <Entries classes={classes} />
        <Purge classes={classes} />
        <Warm />
        <Nodes />
        <Tenants />
      </main>
      <EntryDialog />
      <ConfirmDialog />
    </Layout>
  );
}

function Top({ status, version, canSignOut, icon }: MainPageFacts & { readonly icon: string }) {
  return (
    <header class="top">
      <div class="bar">
        <a class="brand" href="#overview">
          <Mark icon={icon} />
          <span>tmdb-cache-proxy</span>
        </a>
        <p class="facts dim">
          <span>{status.serverId}</span>
          <span>{status.region}</span>
          <span>{version}</span>
          <span id="uptime" />
        </p>
        <p class="signs">
          <span id="health" class="pill waiting">
            connecting
          </span>
          <span id="link" class="dot waiting" role="img" aria-label="Connecting" />
        </p>
        {canSignOut && (
          <form method="post" action="/dashboard/logout">
            <button class="quiet" type="submit">
              Sign out
            </button>
          </form>
        )}
      </div>
      <nav class="tabs" aria-label="Sections">
        {VIEWS.map(([name, title]) => (
          <a href={`#${name}`} data-tab={name}>
            {title}
          </a>
        ))}
      </nav>
    </header>
  );
}
