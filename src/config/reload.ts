import { assemble, type LoadedConfig, type LoadOptions, loadConfig } from './load.js';
import { SETTING_NAMES, type SettingName, settingOf } from './settings/index.js';
import type { Given } from './sources.js';

/** The configuration after its sources were read again. What needs a restart is in it as it was. */
export interface Reloaded extends LoadedConfig {
  /** What holds anew, in the order of the documentation. */
  readonly changed: readonly SettingName[];
  /** What the sources say otherwise than what holds. */
  readonly needRestart: readonly SettingName[];
}

/**
 * Reads every source again as a start does, and takes from it what may change while the program runs. Throws a ConfigError
 * with every mistake there is, in what was read or in what would then hold; nothing is changed by it.
 */
export function reloadConfig(running: LoadedConfig, options: LoadOptions): Reloaded {
  const again = { ...options, machine: running.machine };
  const read = loadConfig(again);
  const may = (name: SettingName) => mayChange(name, running, read);
  const given = new Map<SettingName, Given>();
  for (const name of SETTING_NAMES) {
    const text = (may(name) ? read : running).given.get(name);
    if (text !== undefined) given.set(name, text);
  }
  const next = assemble(given, again);
  const holds = same(running, next);
  const wanted = same(running, read);
  return {
    ...next,
    // A value that is derived from what may change does not change with it where it can't.
    effective: next.effective.map((row) =>
      may(row.name as SettingName) ? row : (rowOf(running, row.name) ?? row),
    ),
    changed: SETTING_NAMES.filter((name) => may(name) && !holds(name)),
    needRestart: SETTING_NAMES.filter((name) => !may(name) && !wanted(name)),
  };
}

/** Whether a setting is given alike in both, and comes to the same. */
const same = (a: LoadedConfig, b: LoadedConfig) => (name: SettingName) =>
  a.given.get(name)?.text === b.given.get(name)?.text && rowOf(a, name)?.value === rowOf(b, name)?.value;

function rowOf({ effective }: LoadedConfig, name: string) {
  return effective.find((row) => row.name === name);
}

function mayChange(name: SettingName, running: LoadedConfig, read: LoadedConfig): boolean {
  // Whether clients need a key at all is decided at the start: the gate is there or it is not.
  if (name === 'PROXY_KEYS') return wantsKeys(running) && wantsKeys(read);
  return settingOf(name).reloadable;
}

function wantsKeys({ config: { clients } }: LoadedConfig): boolean {
  return clients.proxyKeys !== undefined || clients.proxyKeysFile !== undefined;
}
