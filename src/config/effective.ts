import { MASK } from '../redact/redact.js';
import type { EffectiveSetting } from './config.js';
import type { DerivedValues } from './derive/derived.js';
import { SETTING_GROUPS, type SettingName, settingOf, type Values } from './settings/index.js';
import type { Given } from './sources.js';

/** Every variable as it holds, in the order of the documentation, fit to be printed. */
export function effectiveSettings(
  values: Values,
  given: ReadonlyMap<SettingName, Given>,
  derived: DerivedValues,
): EffectiveSetting[] {
  return SETTING_GROUPS.flatMap((group) => group.names).map((name) => {
    const setting = settingOf(name);
    const conclusion = derived.get(name);
    if (conclusion !== undefined) return { name, source: 'derived', ...conclusion };
    const value = shownValue(name, values);
    const source = given.get(name);
    if (source === undefined)
      return { name, value, source: 'default', reason: setting.whenUnset ?? 'default' };
    const reason = setting.remark === undefined ? source.reason : `${source.reason}; ${setting.remark}`;
    return { name, value, source: source.source, reason };
  });
}

function shownValue(name: SettingName, values: Values): EffectiveSetting['value'] {
  const value = values[name];
  const { kind, secret } = settingOf(name);
  // `USE_REDIS` is the one variable whose undefined is a value; when it is, it has been derived.
  if (value === undefined) return null;
  return secret === 'all' ? MASK : kind.show(value);
}
