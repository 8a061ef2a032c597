import { fieldValue, type RawHeaders, withField } from './headers.js';
import { splitList } from './list.js';

/**
 * A copy with this hop appended to Via (RFC 9110 section 7.6.3). `protocol` is the version the message was received with
 * (`1.1`), `pseudonym` a token in place of the host name.
 */
export function withVia(headers: RawHeaders, protocol: string, pseudonym: string): string[] {
  const before = fieldValue(headers, 'via');
  const own = `${protocol} ${pseudonym}`;
  return withField(headers, 'Via', before === undefined ? own : `${before}, ${own}`);
}

/** How often a request has been through the node or group named `id`, by CDN-Loop and by Via, whichever says more. */
export function passesThrough(requestHeaders: RawHeaders, id: string): number {
  const wanted = id.toLowerCase();
  const loops = members(requestHeaders, 'cdn-loop').filter((m) => first(m, /[\s;]/) === wanted).length;
  const vias = members(requestHeaders, 'via').filter(
    (m) => m.split(/\s+/)[1]?.toLowerCase() === wanted,
  ).length;
  return Math.max(loops, vias);
}

/** Whether forwarding a request again would be a loop: it has been here more than `allowed` times. */
export function isLoop(requestHeaders: RawHeaders, id: string, allowed = 0): boolean {
  return passesThrough(requestHeaders, id) > allowed;
}

function members(headers: RawHeaders, name: string): string[] {
  const value = fieldValue(headers, name);
  return value === undefined ? [] : splitList(value);
}

function first(member: string, end: RegExp): string {
  return member.split(end, 1)[0]!.toLowerCase();
}
