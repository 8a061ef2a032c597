import { expect, it } from 'vitest';
import {
  field,
  fieldLines,
  fieldValue,
  hasField,
  headerBytes,
  withField,
  withoutFields,
} from '../../../src/http/headers.js';

const RAW = Object.freeze(['Vary', 'a', 'X', '1', 'vary', 'b']);

it('names are read in any case, lines in order', () => {
  expect([field(RAW, 'VARY'), fieldValue(RAW, 'vary'), fieldLines(RAW, 'Vary')]).toEqual([
    'a',
    'a, b',
    ['a', 'b'],
  ]);
  expect([field(RAW, 'y'), fieldValue(RAW, 'y'), fieldLines(RAW, 'y')]).toEqual([undefined, undefined, []]);
});

it('an empty field is present', () => {
  expect([hasField(['X', ''], 'x'), hasField([], 'x')]).toEqual([true, false]);
});

it('copies keep order and case, and the original is untouched', () => {
  expect(withoutFields(RAW, new Set(['vary']))).toEqual(['X', '1']);
  expect(withField(RAW, 'VARY', 'c')).toEqual(['Vary', 'c', 'X', '1']);
  expect(withField(RAW, 'Y', '2')).toEqual([...RAW, 'Y', '2']);
});

it('counts names and values', () => {
  expect(headerBytes(['ab', 'c'])).toBe(7);
});
