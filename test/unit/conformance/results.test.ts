import { expect, it } from 'vitest';
import { type Kept, keptText, writtenText } from '../../conformance/results.js';

it('what a full run keeps is written as it was, so that the same results are no change', () => {
  const written = writtenText();
  const kept = JSON.parse(written) as Kept;
  expect(kept.ours.length).toBeGreaterThan(0);
  expect(keptText(kept)).toBe(written);
});

it('another result is a change', () => {
  const kept = JSON.parse(writtenText()) as Kept;
  const [first, ...rest] = kept.ours;
  expect(keptText({ ...kept, ours: [{ ...first!, required: 0 }, ...rest] })).not.toBe(writtenText());
});
