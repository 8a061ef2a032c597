// Prints deploy/grafana/tmdb-cache-proxy.json from scripts/grafana.
import { keep } from '../generated.mjs';
import { dashboard } from '../grafana/dashboard.mjs';

keep('deploy/grafana/tmdb-cache-proxy.json', `${JSON.stringify(dashboard(), null, 2)}\n`);
