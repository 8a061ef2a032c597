import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { codeIn, documentText, rowsAfter } from './tables.js';

const ROOT = new URL('../../..', import.meta.url).pathname;

it('docs/security.md names for every technique of cache poisoning tests that exist', () => {
  const rows = rowsAfter('<!-- poisoning:', documentText('docs/security.md'));
  expect(rows.length).toBeGreaterThan(20);
  for (const [technique, answer, tests] of rows) {
    expect(answer, technique).not.toBe('');
    const files = codeIn(tests!);
    expect(files.length, technique).toBeGreaterThan(0);
    for (const file of files) expect(existsSync(ROOT + file), file).toBe(true);
  }
});
