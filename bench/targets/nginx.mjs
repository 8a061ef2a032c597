// nginx in five settings. One worker each: every target has one core.
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ask } from '../lib/ask.mjs';
import { end, launch, SERVER_CORE, until } from '../lib/processes.mjs';
import { bodyOf } from '../origin/bodies.mjs';

const TUNED =
  'sendfile on; tcp_nopush on; access_log off; open_file_cache max=10000 inactive=60s; open_file_cache_valid 60s;';
/** As Debian's nginx.conf has it, with its access log (thrown away). */
const DEFAULT = 'sendfile on; tcp_nopush on; access_log /dev/null;';

/** @returns {string | undefined} */
function version() {
  const { error, stderr } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  return error ? undefined : /nginx\/(\S+)/.exec(stderr)?.[1];
}

function configuration({ http, location, folder, port, site }) {
  return `
daemon off; worker_processes 1; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 8192; multi_accept on; }
http {
  ${http}
  keepalive_timeout 600s; keepalive_requests 100000000; types_hash_max_size 2048;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  proxy_cache_path ${folder}/cache levels=1:2 keys_zone=bench:256m max_size=8g inactive=24h use_temp_path=off;
  upstream origin { server 127.0.0.1:${site.originPort}; keepalive 64; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port} reuseport backlog=4096;
    location / { ${location} }
  }
}`;
}

const PROXIED = `proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $host;
      proxy_cache bench; proxy_cache_key $uri$is_args$args; proxy_cache_lock on; proxy_cache_valid 200 1h; add_header X-Cache $upstream_cache_status;`;

/** @returns {import('./index.mjs').Target} */
function nginx(name, title, { http, location, prepare, expect }) {
  return {
    name,
    title,
    version,
    debian: 'nginx-light',
    start: async (site) => {
      const { folder, port } = site;
      prepare?.(site);
      const file = join(folder, 'nginx.conf');
      const text = typeof location === 'string' ? location : location(site);
      writeFileSync(file, configuration({ http, location: text, folder, port, site }));
      const child = launch(SERVER_CORE, 'nginx', ['-c', file, '-p', folder]);
      const url = `http://127.0.0.1:${port}`;
      await until(async () => (await ask(`${url}/up`)).status > 0, child, name);
      return { name, url, pid: child.pid, expect, stop: () => end(child) };
    },
  };
}

function writeFiles({ folder, paths }) {
  for (const path of paths) {
    const file = join(folder, 'static', path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, bodyOf(path));
  }
}

export const nginxTargets = [
  nginx('nginx', 'nginx proxy_cache, tuned', { http: TUNED, location: PROXIED }),
  nginx('nginx-default', 'nginx proxy_cache, default', { http: DEFAULT, location: PROXIED }),
  nginx('nginx-identity', 'nginx proxy_cache, tuned, uncompressed', {
    http: TUNED,
    location: `${PROXIED} proxy_set_header Accept-Encoding "";`,
    expect: { coding: 'identity' },
  }),
  nginx('nginx-gzip', 'nginx proxy_cache, compressing each answer', {
    http: `${TUNED} gzip on; gzip_types application/json; gzip_comp_level 6; gzip_proxied any;`,
    location: `${PROXIED} proxy_set_header Accept-Encoding "";`,
  }),
  nginx('nginx-static', 'nginx, static file', {
    http: TUNED,
    location: ({ folder }) =>
      `root ${folder}/static; default_type application/json; add_header Cache-Control "public, max-age=3600";`,
    prepare: writeFiles,
    expect: { coding: 'identity' },
  }),
];
