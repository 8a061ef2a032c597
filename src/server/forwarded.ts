import type { IncomingMessage } from 'node:http';
import { fieldValue, type RawHeaders } from '../http/headers.js';

/** Request fields the base is made of, beside Host, which every cache goes by. */
export const FORWARDED_FIELDS = 'X-Forwarded-Host, X-Forwarded-Port, X-Forwarded-Proto';

/** A name, IPv4 or bracketed IPv6 address, and perhaps a port: no user, no path, no odd byte. */
const AUTHORITY = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9](?:[a-z0-9._-]{0,252}[a-z0-9])?\.?)(?::([0-9]{1,5}))?$/i;
const PORT = /^[0-9]{1,5}$/;
const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443' };

/**
 * Where the client reached the proxy in front of us, as `https://host[:port]`; undefined when nobody who is believed says so,
 * or says something odd. `trusted`: whether an address so many hops away is believed. Of several values the first is
 * the client's side (the form proxies append to). Without `X-Forwarded-Proto` it is plain HTTP, as it reached us.
 */
export function forwardedBase(
  incoming: Pick<IncomingMessage, 'rawHeaders' | 'socket'>,
  trusted: (address: string, hop: number) => boolean,
): string | undefined {
  const { rawHeaders, socket } = incoming;
  const givenHost = first(rawHeaders, 'x-forwarded-host');
  const givenScheme = first(rawHeaders, 'x-forwarded-proto');
  if (givenHost === undefined && givenScheme === undefined) return undefined;
  const peer = socket.remoteAddress;
  if (peer === undefined || !trusted(peer, 0)) return undefined;
  const scheme = (givenScheme ?? 'http').toLowerCase();
  const usual = DEFAULT_PORTS[scheme];
  const host = AUTHORITY.exec(givenHost ?? first(rawHeaders, 'host') ?? '');
  const port = host?.[2] ?? first(rawHeaders, 'x-forwarded-port') ?? usual;
  if (usual === undefined || host === null || port === undefined || !isPort(port)) return undefined;
  const name = host[1]!.toLowerCase();
  return port === usual ? `${scheme}://${name}` : `${scheme}://${name}:${Number(port)}`;
}

function first(headers: RawHeaders, name: string): string | undefined {
  const value = fieldValue(headers, name);
  return value === undefined ? undefined : value.split(',', 1)[0]!.trim();
}

function isPort(port: string): boolean {
  return PORT.test(port) && Number(port) > 0 && Number(port) < 65_536;
}
