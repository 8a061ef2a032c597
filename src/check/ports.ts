import { createServer } from 'node:net';
import type { Config } from '../config/config.js';
import { type Finding, fail, ok, type Part, reasonOf } from './finding.js';

const ASK_MS = 2000;

interface Listener {
  /** The variable. */
  readonly name: string;
  readonly port: number;
  /** Where this program says that it is itself. */
  readonly path: string;
  readonly saysSo: (text: string) => boolean;
}

/** Whether the ports to listen on are free, or taken by this very program. */
export function portsPart({ server }: Pick<Config, 'server'>): Part {
  const of = (name: string, port: number | undefined, path: string, saysSo: Listener['saysSo']) =>
    port === undefined ? [] : [{ name, port, path, saysSo }];
  const listeners: Listener[] = [
    ...of('PORT', server.port, '/status', isStatus),
    ...of('ADMIN_PORT', server.adminPort, '/status', isStatus),
    ...of('METRICS_PORT', server.metricsPort, '/metrics', (text) => text.includes('tmdb_proxy_build_info')),
  ];
  return {
    name: 'ports',
    look: async (signal) => {
      const found: Finding[] = [];
      // One after the other: each is listened on for a moment.
      for (const listener of listeners) found.push(await looked(listener, server.host, signal));
      return found;
    },
  };
}

async function looked(listener: Listener, host: string | undefined, signal: AbortSignal): Promise<Finding> {
  const { name, port } = listener;
  if (port === 0) return ok('ports', `${name}=0: the system chooses one at the start`);
  const place = `${host ?? 'every interface'}, port ${port}`;
  const trouble = await listenedOnce(host, port);
  if (trouble === undefined) return ok('ports', `${name}: ${place} is free`);
  switch (trouble) {
    case 'EADDRINUSE': {
      if (await isOurs(listener, host, signal))
        return ok('ports', `${name}: ${place} is in use by this program`);
      return fail('ports', `${name}: ${place} is in use by another program`, `stop it, or set ${name}`);
    }
    case 'EACCES':
      return fail(
        'ports',
        `${name}: this user may not listen on ${place}`,
        `set ${name} to a port above 1023`,
      );
    default:
      return fail(
        'ports',
        `${name}: cannot listen on ${place} (${trouble})`,
        'set HOST to an address of this machine',
      );
  }
}

/** Why nobody can listen there; undefined when it is free. */
function listenedOnce(host: string | undefined, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(reasonOf(error)));
    server.listen({ port, ...(host !== undefined && { host }) }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

async function isOurs({ port, path, saysSo }: Listener, host: string | undefined, signal: AbortSignal) {
  const name = host === undefined || host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const url = `http://${name.includes(':') ? `[${name}]` : name}:${port}${path}`;
  try {
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ASK_MS)]) });
    return saysSo(await answer.text());
  } catch {
    return false;
  }
}

function isStatus(text: string): boolean {
  try {
    const said: unknown = JSON.parse(text);
    return typeof said === 'object' && said !== null && 'server_id' in said && 'version' in said;
  } catch {
    return false;
  }
}
