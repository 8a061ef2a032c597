import { type Finding, ok, warn } from './finding.js';

/** Ages and dates of answers are counted with the clock: beyond this they are wrong enough to matter, ms. */
const MAX_SKEW_MS = 5 * 60_000;

/** Of clocks of the origin minus ours, ms. */
export function clockFindings(skews: readonly number[]): Finding {
  if (skews.length === 0) return warn('clock', 'nobody told the time, so it was not compared', 'see origin');
  // A single server may be wrong: the one that is nearest to us is believed.
  const skew = skews.reduce((least, each) => (Math.abs(each) < Math.abs(least) ? each : least));
  if (Math.abs(skew) <= MAX_SKEW_MS) return ok('clock', 'agrees with that of the origin');
  const direction = skew > 0 ? 'behind' : 'ahead of';
  const minutes = Math.round(Math.abs(skew) / 60_000);
  return warn(
    'clock',
    `is ${minutes} minutes ${direction} that of the origin`,
    'set it, and keep it set (NTP)',
  );
}
