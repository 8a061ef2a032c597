import { Layout, Mark } from './layout.js';
import type { Head } from './pages.js';

interface RefusalProps {
  readonly detail: string;
  /** Where this machine itself reaches the dashboard. */
  readonly port: string;
  readonly head: Head;
}

/** Says why the dashboard is closed, and what opens it. */
export function RefusalPage({ detail, port, head }: RefusalProps) {
  return (
    <Layout head={head} title="No permission · tmdb-cache-proxy">
      <main class="door">
        <div class="card door-card">
          <Mark icon={head.assets.icon.path} />
          <h1>Closed from here</h1>
          <p>{detail}</p>
          <p class="dim">
            With a key set, this page asks for it. The other way is to open the dashboard on the machine
            itself, or through a tunnel:
          </p>
          <pre>{`ssh -L ${port}:127.0.0.1:${port} HOST`}</pre>
          <p class="dim">{`and then http://localhost:${port}/dashboard.`}</p>
        </div>
      </main>
    </Layout>
  );
}
