import { Layout, Mark } from './layout.js';
import type { Head } from './pages.js';

/** Asks for the admin key. */
export function LoginPage({ message, head }: { readonly message: string | undefined; readonly head: Head }) {
  return (
    <Layout head={head} title="Sign in · tmdb-cache-proxy">
      <main class="door">
        <form class="card door-card" method="post" action="/dashboard/login">
          <Mark icon={head.assets.icon.path} />
          <h1>tmdb-cache-proxy</h1>
          <p class="dim">The dashboard asks for the admin key of this proxy (ADMIN_API_KEY).</p>
          {message !== undefined && (
            <p class="notice error" role="alert" id="problem">
              {message}
            </p>
          )}
          <input type="text" name="username" autocomplete="username" value="admin" readonly hidden />
          <label for="key">Admin key</label>
          <input
            id="key"
            name="key"
            type="password"
            autocomplete="current-password"
            required
            autofocus
            aria-describedby={message === undefined ? undefined : 'problem'}
          />
          <button class="primary" type="submit">
            Sign in
          </button>
        </form>
      </main>
    </Layout>
  );
}
