import { makeScrubber, sanitizeUrl } from '../redact/redact.js';
import type { Mistakes } from './config-error.js';
import { BadValue } from './kind.js';
import { SETTING_NAMES, type SettingName, settingOf, type Values } from './settings/index.js';
import type { Given } from './sources.js';

/**
 * Every variable as its kind reads it. A bad one is told and stands at its default, so that the checks which follow
 * have something to look at; nothing is returned to the caller then.
 */
export function readValues(given: ReadonlyMap<SettingName, Given>, mistakes: Mistakes): Values {
  const scrub = scrubberFor(given);
  const values: Partial<Record<SettingName, unknown>> = {};
  for (const name of SETTING_NAMES) {
    const { kind, secret, default: fallback } = settingOf(name);
    const text = given.get(name)?.text;
    values[name] = fallback === undefined ? undefined : kind.read(fallback);
    if (text === undefined) continue;
    try {
      values[name] = kind.read(text);
    } catch (thrown) {
      if (!(thrown instanceof BadValue)) throw thrown;
      mistakes.add(name, thrown.message, secret === 'none' ? scrub(text) : undefined);
    }
  }
  // One entry for each name of the table, read by that name's kind: what `Values` says.
  return values as Values;
}

/**
 * Bad values are shown, unless they may hold a credential: one that belongs to another variable (pasted into the
 * wrong line) or that sits in a URL.
 */
function scrubberFor(given: ReadonlyMap<SettingName, Given>): (text: string) => string {
  const secrets = [...given]
    .filter(([name]) => settingOf(name).secret !== 'none')
    .map(([, { text }]) => text);
  const scrub = makeScrubber(secrets);
  return (text) => scrub(sanitizeUrl(text)).replace(/^.*@/s, '***@');
}
