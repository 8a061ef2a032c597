import type { IncomingMessage } from 'node:http';
import { ProxyError } from '../errors.js';
import { fieldLines, fieldValue } from '../http/headers.js';
import { splitList } from '../http/list.js';
import { MAX_FIELDS, MAX_TARGET } from './limits.js';

/** Names under which this listener may be addressed in absolute form; lower-case. */
export interface OwnNames {
  /** Host names without port, reached at the listener's own port. */
  readonly names: ReadonlySet<string>;
  /** Authority (`host` or `host:port`) of `PUBLIC_URL`, whatever port is in front of us. */
  readonly publicAuthority: string | undefined;
}

const AUTHORITY = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(?::[0-9]{0,5})?$/;
const ABSOLUTE = /^(https?):\/\/([^/?#]*)(.*)$/i;

/**
 * The target in origin form, or why the request is refused before anything else looks at it (CONTRACT, Settled
 * details). Only what decides whose request it is; the path is judged later.
 */
export function guardRequest(incoming: IncomingMessage, own: OwnNames): string | ProxyError {
  const { rawHeaders, method = 'GET', url = '/' } = incoming;
  if (url.length > MAX_TARGET) {
    return new ProxyError('target_too_long', `the target has more than ${MAX_TARGET} characters`);
  }
  if (rawHeaders.length > 2 * MAX_FIELDS) {
    return new ProxyError('too_many_fields', `the request has more than ${MAX_FIELDS} field lines`);
  }
  const hosts = fieldLines(rawHeaders, 'host');
  if (hosts.length > 1) return new ProxyError('bad_request', 'the request has several Host lines');
  if (hosts[0] !== undefined && !AUTHORITY.test(hosts[0])) {
    return new ProxyError('bad_request', 'the Host line is not a host and port');
  }
  if (method === 'TRACE' || method === 'CONNECT') {
    return new ProxyError('method_refused', `${method} is not served here`);
  }
  const upgrade = fieldValue(rawHeaders, 'upgrade');
  if (upgrade !== undefined && !isIgnorableUpgrade(upgrade)) {
    return new ProxyError('bad_request', 'this server does not switch protocols (Upgrade)');
  }
  if (url.startsWith('/')) return url;
  if (url === '*' && method === 'OPTIONS') return url;
  const absolute = ABSOLUTE.exec(url);
  if (absolute === null) return new ProxyError('bad_target', 'the target is neither a path nor a URL');
  const [, scheme, authority, rest] = absolute;
  if (!isOwn(authority!.toLowerCase(), scheme!.toLowerCase(), incoming, own)) {
    return new ProxyError('misdirected', 'the target names another host, and this is not a forward proxy');
  }
  return rest!.startsWith('/') ? rest! : `/${rest}`;
}

/**
 * Java's and curl's clients offer `h2c` with ordinary requests; a server that doesn't want it just answers (RFC 9110
 * section 7.8). Someone who asks for a WebSocket wants nothing else.
 */
function isIgnorableUpgrade(value: string): boolean {
  return splitList(value).every((protocol) => /^(?:h2c?|HTTP\/2\.0|TLS\/1\.[0-3])$/i.test(protocol));
}

function isOwn(authority: string, scheme: string, incoming: IncomingMessage, own: OwnNames): boolean {
  if (authority === '' || authority.includes('@') || !AUTHORITY.test(authority)) return false;
  if (authority === own.publicAuthority) return true;
  const [name, port] = splitAuthority(authority);
  const number = port === '' ? (scheme === 'https' ? 443 : 80) : Number(port);
  if (number !== incoming.socket.localPort) return false;
  const local = incoming.socket.localAddress?.toLowerCase().replace(/^::ffff:/, '');
  return name === 'localhost' || name === local || own.names.has(name);
}

/** Name (an IPv6 address without its brackets) and port, '' when none is given. */
function splitAuthority(authority: string): [name: string, port: string] {
  const end = authority.startsWith('[') ? authority.indexOf(']') : authority.lastIndexOf(':') - 1;
  if (end < 0) return [authority, ''];
  const name = authority.startsWith('[') ? authority.slice(1, end) : authority.slice(0, end + 1);
  return [name, authority.slice(end + 2)];
}
