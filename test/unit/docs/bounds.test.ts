import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SETTING_NAMES } from '../../../src/config/settings/index.js';
import { codeIn, documentText, rowsAfter } from './tables.js';

const NAMES: readonly string[] = SETTING_NAMES;
const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, s: 1000 };

const rows = rowsAfter('<!-- bounds:', documentText('docs/operations.md')).map(
  ([what, bound, setBy, , shownBy]) => ({
    what: what!,
    bound: bound!,
    setBy: codeIn(setBy!),
    shownBy: codeIn(shownBy!),
  }),
);

/** `10 000`, `16 KiB`, `20 s` at the beginning of a cell, in bytes or ms; undefined when it begins with a word. */
function numberOf(cell: string): number | undefined {
  const [, digits, unit = ''] = /^(\d+(?: \d{3})*)(?: (KiB|MiB|s)\b)?/.exec(cell) ?? [];
  return digits === undefined ? undefined : Number(digits.replaceAll(' ', '')) * (UNITS[unit] ?? 1);
}

/** What a constant or member is set to, where that is written as a number or a product of numbers. */
function setTo(name: string, text: string): number | undefined {
  const [, product] = new RegExp(`\\b${name}(?: =|:) ([\\d_ *]+)[;,]`).exec(text) ?? [];
  return product?.split('*').reduce((all, factor) => all * Number(factor.replaceAll('_', '')), 1);
}

describe('docs/operations.md, Bounds', () => {
  it.each(rows)('names what sets it and a test that shows it: $what', ({ setBy, shownBy }) => {
    expect(shownBy).not.toEqual([]);
    expect(shownBy.filter((path) => !existsSync(path))).toEqual([]);
    const [name, file] = setBy;
    if (file?.startsWith('src/')) expect(documentText(file)).toMatch(new RegExp(`\\b${name}\\b`));
    else expect(setBy.filter((variable) => !NAMES.includes(variable))).toEqual([]);
    expect(setBy).not.toEqual([]);
  });

  it('says the numbers of the source', () => {
    const compared = rows.filter(({ setBy: [name, file] }) => {
      return file?.startsWith('src/') && setTo(name!, documentText(file)) !== undefined;
    });
    expect(compared.length).toBeGreaterThan(25);
    for (const { what, bound, setBy } of compared)
      expect(numberOf(bound), what).toBe(setTo(setBy[0]!, documentText(setBy[1]!)));
  });

  it('has every variable that bounds something', () => {
    const bounding = NAMES.filter((name) => /^MAX_|_MAX_CONN|_BYTES$|^LOG_(?:HITS|LINES)$/.test(name));
    const told = rows.flatMap(({ setBy }) => setBy);
    expect(bounding.filter((name) => !told.includes(name))).toEqual(['MAX_RETRIES']);
  });
});
