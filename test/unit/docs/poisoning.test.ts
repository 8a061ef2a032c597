import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { codeIn, documentText, rowsAfter } from './tables.js';

const ROOT = new URL('../../..', import.meta.url).pathname;
const rows = rowsAfter('<!-- poisoning:', documentText('docs/security.md'));

/** The tests named, with what stands beside them in their folders, in lower case. */
function textOf(files: readonly string[]): string {
  const folders = new Set(files.map((file) => dirname(join(ROOT, file))));
  return [...folders]
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(path, 'utf8').toLowerCase())
    .join('\n');
}

it('docs/security.md names for every technique of cache poisoning tests that exist', () => {
  expect(rows.length).toBeGreaterThan(20);
  for (const [technique, answer, tests] of rows) {
    expect(answer, technique).not.toBe('');
    const files = codeIn(tests!);
    expect(files.length, technique).toBeGreaterThan(0);
    for (const file of files) expect(existsSync(ROOT + file), file).toBe(true);
  }
});

it('what a technique is named by in docs/security.md is sent by the tests named for it', () => {
  for (const [technique, , tests] of rows) {
    const text = textOf(codeIn(tests!));
    for (const part of codeIn(technique!).flatMap((code) => code.toLowerCase().split('…')))
      expect(text.includes(part), `${part} of: ${technique}`).toBe(true);
  }
});
