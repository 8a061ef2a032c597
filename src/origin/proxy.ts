import { isIP } from 'node:net';
import type { ProxyOptions } from './options.js';

/** The proxy that requests to `server` go through, or undefined. Loopback never does. */
export function proxyFor(server: URL, options: ProxyOptions | undefined): string | undefined {
  const proxy = server.protocol === 'https:' ? options?.https : options?.http;
  if (!proxy || isLoopback(server.hostname) || isExcluded(server, options?.noProxy)) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isLoopback(hostname: string): boolean {
  const host = hostname.toLowerCase();
  if (host === 'localhost' || host.endsWith('.localhost') || host === '[::1]') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

/** `NO_PROXY` as curl reads it: `host` also stands for its subdomains, a leading dot or `*.` for the same. */
function isExcluded(server: URL, noProxy: string | undefined): boolean {
  const host = server.hostname.toLowerCase().replace(/^\[|\]$/g, '');
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  return (noProxy ?? '').split(/[\s,]+/).some((entry) => {
    const rule = entry.toLowerCase();
    if (rule === '') return false;
    if (rule === '*') return true;
    const parts = /^(?:\[([^\]]+)\]|([^:]+)|(.*:.*:.*))(?::(\d+))?$/.exec(rule);
    if (parts === null || (parts[4] !== undefined && parts[4] !== port)) return false;
    const name = (parts[1] ?? parts[2] ?? parts[3] ?? '').replace(/^\*?\./, '');
    return host === name || host.endsWith(`.${name}`);
  });
}
