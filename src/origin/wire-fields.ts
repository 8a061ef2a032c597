import { type RawHeaders, withoutFields } from '../http/headers.js';

/**
 * Fields that belong to this hop (RFC 9110 section 7.6.1), which undici writes itself or refuses. Callers send
 * end-to-end fields only; one that slips through must not become a failed request.
 */
const OF_THIS_HOP: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-authorization',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);

/** Those that undici is given. */
export function sendable(headers: RawHeaders): string[] {
  return withoutFields(headers, OF_THIS_HOP);
}

/** The same fields as an object; several lines of one name become a list, which undici sends as several lines. */
export function grouped(headers: readonly string[]): Record<string, string | string[]> {
  const groups: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i]!;
    const before = groups[name];
    groups[name] = before === undefined ? headers[i + 1]! : [before, headers[i + 1]!].flat();
  }
  return groups;
}

/** A reason phrase may hold any byte above 127 (RFC 9112, section 4) and comes read as UTF-8; Node.js sends Latin-1 alone, and refuses the rest. */
export function sayable(phrase: string): string {
  return UNSAYABLE.test(phrase) ? '' : phrase;
}

const UNSAYABLE = /[^\t\x20-\x7e\x80-\xff]/;
