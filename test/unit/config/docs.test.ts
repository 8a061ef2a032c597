import { expect, test } from 'vitest';
import { configurationDocument } from '../../../src/config/docs.js';
import { SETTING_NAMES, settingOf } from '../../../src/config/settings/index.js';

test('every variable has a row with five cells', () => {
  const rows = configurationDocument().split('\n');
  for (const name of SETTING_NAMES) {
    const found = rows.filter(
      (row) => row.startsWith(`| \`${name}\` |`) && row.split(/(?<!\\)\|/).length === 7,
    );
    expect(found, name).toHaveLength(1);
    expect(settingOf(name).meaning, name).toMatch(/\.$/);
  }
});
