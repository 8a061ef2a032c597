import type { Setting, ValueOf } from '../setting.js';
import { ACCESS_SETTINGS } from './access.js';
import { CACHE_SETTINGS, TIME_SETTINGS } from './cache.js';
import { REDIS_SETTINGS } from './redis.js';
import { SERVER_SETTINGS } from './server.js';
import { UPSTREAM_SETTINGS } from './upstream.js';

/** Every variable of CONTRACT.md. Reading, checking, printing and documenting all go through this one table. */
export const SETTINGS = {
  ...SERVER_SETTINGS,
  ...UPSTREAM_SETTINGS,
  ...CACHE_SETTINGS,
  ...TIME_SETTINGS,
  ...REDIS_SETTINGS,
  ...ACCESS_SETTINGS,
};

export type SettingName = keyof typeof SETTINGS;

/** What each variable was read as. */
export type Values = { [K in SettingName]: ValueOf<(typeof SETTINGS)[K]> };

export const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** The table by name, for code that treats all variables alike. */
export function settingOf(name: SettingName): Setting {
  return SETTINGS[name] as Setting;
}

/** Chapters of the documentation, and the order in which values are printed. */
export const SETTING_GROUPS: readonly { readonly title: string; readonly names: readonly SettingName[] }[] = [
  { title: 'Server', names: Object.keys(SERVER_SETTINGS) as SettingName[] },
  { title: 'Upstream', names: Object.keys(UPSTREAM_SETTINGS) as SettingName[] },
  { title: 'Cache', names: Object.keys(CACHE_SETTINGS) as SettingName[] },
  { title: 'Times', names: Object.keys(TIME_SETTINGS) as SettingName[] },
  { title: 'Redis', names: Object.keys(REDIS_SETTINGS) as SettingName[] },
  { title: 'Access and other nodes', names: Object.keys(ACCESS_SETTINGS) as SettingName[] },
];
