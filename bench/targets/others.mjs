// Varnish and HAProxy as Debian has them.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ask } from '../lib/ask.mjs';
import { end, launch, SERVER_CORE, until } from '../lib/processes.mjs';

function versionOf(command, args, pattern) {
  const { error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  return error ? undefined : pattern.exec(`${stdout}${stderr}`)?.[1];
}

/** @type {import('./index.mjs').Target} */
export const varnish = {
  name: 'varnish',
  title: 'Varnish',
  debian: 'varnish',
  version: () => versionOf('varnishd', ['-V'], /varnish-(\S+)/),
  start: async ({ folder, port, originPort }) => {
    const args = [
      '-F',
      '-a',
      `127.0.0.1:${port}`,
      '-b',
      `127.0.0.1:${originPort}`,
      '-s',
      'malloc,2g',
      '-n',
      join(folder, 'varnish'),
    ];
    const child = launch(SERVER_CORE, 'varnishd', args);
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await ask(`${url}/up`)).status > 0, child, 'varnish');
    return { name: 'varnish', url, pid: child.pid, stop: () => end(child) };
  },
};

/** @type {import('./index.mjs').Target} */
export const haproxy = {
  name: 'haproxy',
  title: 'HAProxy cache',
  debian: 'haproxy',
  version: () => versionOf('haproxy', ['-v'], /version (\S+)/),
  start: async ({ folder, port, originPort }) => {
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(
      file,
      `global
  nbthread 1
  maxconn 8192
  tune.bufsize 32768
defaults
  mode http
  timeout connect 5s
  timeout client 600s
  timeout server 60s
cache bench
  total-max-size 1024
  max-object-size 1000000
  max-age 3600
  process-vary on
frontend main
  bind 127.0.0.1:${port}
  http-request cache-use bench
  http-response cache-store bench
  default_backend origin
backend origin
  server origin 127.0.0.1:${originPort}
`,
    );
    const child = launch(SERVER_CORE, 'haproxy', ['-db', '-f', file]);
    const url = `http://127.0.0.1:${port}`;
    await until(async () => (await ask(`${url}/up`)).status > 0, child, 'haproxy');
    return { name: 'haproxy', url, pid: child.pid, stop: () => end(child) };
  },
};
