import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { documentText, rowsAfter } from './tables.js';

const ROOT = new URL('../../..', import.meta.url).pathname;

function quotedIn(folder: string, ending: RegExp): Set<string> {
  const files = readdirSync(ROOT + folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    ending.test(file),
  );
  return new Set(
    files.flatMap((file) => readFileSync(`${ROOT}${folder}/${file}`, 'utf8').match(/\bI-\d+\b/g) ?? []),
  );
}

const listed = rowsAfter('# What always holds', documentText('docs/invariants.md')).map(
  ([number]) => number!,
);

it('docs/invariants.md has every invariant that code, tests or documents quote', () => {
  const quoted = [...quotedIn('src', /\.ts$/), ...quotedIn('test', /\.ts$/), ...quotedIn('docs', /\.md$/)];
  expect(quoted.filter((number) => !listed.includes(number))).toEqual([]);
});

it('every invariant is quoted by a test', () => {
  const tested = quotedIn('test', /\.test\.ts$/);
  expect(listed.filter((number) => !tested.has(number))).toEqual([]);
});
