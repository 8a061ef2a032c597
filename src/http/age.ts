import { parseDelta } from './delta.js';
import { dateOf } from './freshness.js';
import { field, type RawHeaders } from './headers.js';
import { trimOws } from './list.js';

/**
 * Age of a response in ms as its sender computed it; undefined when absent or invalid, which is then ignored. Of a
 * list or of several lines the first member counts (RFC 9111 section 5.1).
 */
export function parseAge(headers: RawHeaders): number | undefined {
  const value = field(headers, 'age');
  if (value === undefined) return undefined;
  const comma = value.indexOf(',');
  return parseDelta(trimOws(comma === -1 ? value : value.slice(0, comma)));
}

/**
 * corrected_initial_age of RFC 9111 section 4.2.3 in ms: how old a response was when its head arrived.
 * `requestTime` and `responseTime` are this machine's clock, ms since epoch.
 */
export function initialAge(headers: RawHeaders, requestTime: number, responseTime: number): number {
  const apparentAge = Math.max(0, responseTime - dateOf(headers, responseTime));
  const responseDelay = Math.max(0, responseTime - requestTime);
  return Math.max(apparentAge, (parseAge(headers) ?? 0) + responseDelay);
}
