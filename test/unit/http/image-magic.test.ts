import { describe, expect, it } from 'vitest';
import { isAnyImage, matchesImageType } from '../../../src/http/image-magic.js';

const isSvg = (text: string) => matchesImageType('image/svg+xml', Buffer.from(text));

describe('what a vector image may begin with', () => {
  it.each([
    '<svg>',
    ' \n<svg:svg >',
    '\uFEFF<?xml version="1.0"?><!-- a --><!-- b --><svg/>',
    '<!DOCTYPE svg PUBLIC "a" "b"><svg>',
    '<!DOCTYPE svg [ <!ENTITY a "b"> ] ><svg>',
    '<!-- > -- <svg -- ?> --><svg>',
  ])('%s', (text) => expect(isSvg(text)).toBe(true));

  it.each(['', '<g>', '<!-- <svg> -->', '<!-- <svg>', '<?xml <svg>', '<!DOCTYPE html><svg>', 'a<svg>'])(
    'not %s',
    (text) => expect(isSvg(text)).toBe(false),
  );

  it.each([
    ['comments', '<!--x-->'.repeat(500)],
    ['declarations', '<?x?>'.repeat(800)],
    ['spaces', ' '.repeat(4096)],
    ['a doctype', `<!DOCTYPE svg${' '.repeat(4000)}`],
    ['doctypes', '<!DOCTYPE svg[]>'.repeat(250)],
  ])('a prolog of %s does not hold the event loop up', (_what, prolog) => {
    expect(isSvg(`${prolog}<g`)).toBe(false);
    expect(isAnyImage(Buffer.from(`${prolog}<g`))).toBe(false);
  });
});
