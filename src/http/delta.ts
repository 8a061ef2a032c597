/** Largest delta-seconds a recipient must represent; what is larger is read as this (RFC 9111 section 1.2.2). */
const MAX_DELTA_SECONDS = 2 ** 31;
export const MAX_DELTA_MS = MAX_DELTA_SECONDS * 1000;

const DIGITS = /^[0-9]+$/;

/** delta-seconds as ms, clamped; undefined when the value is not `1*DIGIT`. */
export function parseDelta(value: string): number | undefined {
  if (!DIGITS.test(value)) return undefined;
  return Math.min(Number(value), MAX_DELTA_SECONDS) * 1000;
}

/** `ms` as the whole seconds of a delta-seconds field, never negative. */
export function toDeltaSeconds(ms: number): number {
  if (!(ms > 0)) return 0;
  return Math.min(Math.floor(ms / 1000), MAX_DELTA_SECONDS);
}
