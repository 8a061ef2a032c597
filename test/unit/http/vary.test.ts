import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { languagePreferred, parseVary, secondaryKey } from '../../../src/http/vary.js';

describe('Vary, RFC 9110 section 12.5.5', () => {
  test.each<[lines: string[], names: '*' | string[]]>([
    [[], []],
    [[''], []],
    [['Foo, bar'], ['bar', 'foo']],
    [
      ['Foo', 'foo, Bar'],
      ['bar', 'foo'],
    ],
    [['*'], '*'],
    [['*, *'], '*'],
    [['*', '*'], '*'],
    [[', *'], '*'],
    [['', '*'], '*'],
    [['*, Foo'], '*'],
    [['Foo, *'], '*'],
    [['foo bar'], '*'],
  ])('%j', (lines, names) => {
    expect(parseVary(lines.flatMap((line) => ['Vary', line]))).toEqual(names);
  });
});

describe('the secondary key, RFC 9111 section 4.1', () => {
  const same = (name: string, a: string[], b: string[]) =>
    secondaryKey(
      [name],
      a.flatMap((v) => [name, v]),
    ) ===
    secondaryKey(
      [name],
      b.flatMap((v) => [name, v]),
    );

  test.each<[why: string, name: string, a: string[], b: string[]]>([
    ['lines are combined', 'foo', ['1, 2'], ['1', '2']],
    ['white space around commas', 'foo', ['1,2'], [' 1, 2 ']],
    ['order of languages', 'accept-language', ['en, de'], ['de, en']],
    ['case of languages', 'accept-language', ['en, de'], ['eN, De']],
    ['white space of languages', 'accept-language', ['en, de'], [' en ,   de']],
    ['spelling of weights', 'accept-language', ['en;q=1.0, de;q=0.50'], ['en , de ; Q=0.5']],
    ['order and case of codings', 'accept-encoding', ['gzip, br'], ['BR,GZIP']],
    ['x-gzip is gzip', 'accept-encoding', ['x-gzip'], ['gzip']],
    ['order of media types', 'accept', ['image/webp, */*;q=0.8'], ['*/*;q=0.8,IMAGE/WEBP']],
  ])('does not tell apart: %s', (_why, name, a, b) => {
    expect(same(name, a, b)).toBe(true);
  });

  test.each<[why: string, name: string, a: string[], b: string[]]>([
    ['absent and empty', 'foo', [], ['']],
    ['absent and present', 'foo', [], ['1']],
    ['case of an unknown field', 'foo', ['a'], ['A']],
    ['order of an unknown field', 'foo', ['1, 2'], ['2, 1']],
    ['white space inside quotes', 'foo', ['"a, b"'], ['"a,b"']],
    ['weights', 'accept-language', ['en, de;q=0.5'], ['en, de;q=0.4']],
    ['a refusal', 'accept-encoding', ['gzip'], ['gzip;q=0']],
    ['an empty and an absent Accept-Encoding', 'accept-encoding', [], ['']],
    ['case of a media type parameter', 'accept', ['a/b;profile=X'], ['a/b;profile=x']],
  ])('tells apart: %s', (_why, name, a, b) => {
    expect(same(name, a, b)).toBe(false);
  });

  it('two requests share a key only if every field agrees, whatever their values contain', () => {
    const names = ['a', 'b', 'c'];
    const value = fc.option(fc.stringMatching(/^[a-c=;:0-9]{0,6}$/), { nil: undefined });
    const request = fc.tuple(value, value, value);
    fc.assert(
      fc.property(request, request, (x, y) => {
        const key = (values: readonly (string | undefined)[]) =>
          secondaryKey(
            names,
            values.flatMap((v, i) => (v === undefined ? [] : [names[i]!, v])),
          );
        expect(key(x) === key(y)).toBe(JSON.stringify(x) === JSON.stringify(y));
      }),
      { numRuns: 2000 },
    );
  });

  it('never throws', () => {
    const names = ['accept', 'accept-encoding', 'foo'];
    fc.assert(
      fc.property(
        fc.string(),
        (v) =>
          secondaryKey(
            names,
            names.flatMap((n) => [n, v]),
          ) !== '',
      ),
    );
  });
});

describe('reuse by the language a client likes best', () => {
  test.each<[accepted: string, stored: string, preferred: boolean]>([
    ['fr;q=0.5, de;q=1.0', 'de', true],
    ['de, fr;q=0.5', 'DE', true],
    ['fr, de;q=0.5', 'de', false],
    ['*', 'de', false],
    ['de', 'de, en', false],
  ])('%s of %s: %s', (accepted, stored, preferred) => {
    expect(languagePreferred(['Accept-Language', accepted], ['Content-Language', stored])).toBe(preferred);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(
        fc.string(),
        (v) => typeof languagePreferred(['Accept-Language', v], ['Content-Language', 'de']) === 'boolean',
      ),
    );
  });
});
