import { parseHttpDate } from './dates.js';
import { parseDelta } from './delta.js';

/** The longest wait that is believed, ms: an origin's mistake must not silence it for a day. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/**
 * How long to wait in ms (RFC 9110 section 10.2.3): seconds, 0 among them, or a date, in the past 0. Undefined when absent
 * or invalid. `now` in ms.
 */
export function parseRetryAfter(
  value: string | undefined,
  now: number,
  maxMs = MAX_RETRY_AFTER_MS,
): number | undefined {
  if (value === undefined) return undefined;
  const seconds = parseDelta(value.trim());
  if (seconds !== undefined) return Math.min(seconds, maxMs);
  const at = parseHttpDate(value.trim(), now);
  return at === undefined ? undefined : Math.min(Math.max(0, at - now), maxMs);
}
