import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { previewOf } from '../../../src/cluster/preview.js';
import type { Entry } from '../../../src/tiers/entry.js';
import { head } from '../admin/fakes.js';

const PNG = Buffer.from('89504e470d0a1a0a0000000d', 'hex');
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

function entry(body: Buffer | string, type: string, more: Partial<Entry> = {}): Entry {
  return {
    ...head('k', { headers: ['Content-Type', type], coding: 'identity' }),
    body: Buffer.from(body),
    ...more,
  };
}

describe('a preview of a stored body', () => {
  it('is a picture by its bytes, whatever the origin called it', async () => {
    expect(await previewOf(entry(PNG, 'text/html'))).toMatchObject({ kind: 'image', type: 'image/png' });
    expect(await previewOf(entry('<script>alert(1)</script>', 'image/png'))).toMatchObject({ kind: 'none' });
  });

  it('never is a picture that can run something', async () => {
    expect(await previewOf(entry(SVG, 'image/svg+xml'))).toEqual({
      kind: 'text',
      json: false,
      text: SVG,
      length: SVG.length,
      truncated: false,
    });
  });

  it('is the text of JSON, decoded', async () => {
    const text = '{"a":"<b>"}';
    const gzip = entry(gzipSync(text), 'application/json;charset=utf-8', { coding: 'gzip' });
    expect(await previewOf(gzip)).toMatchObject({ kind: 'text', json: true, text, length: text.length });
  });

  it.each([
    ['text/plain; charset=iso-8859-1', 'caf\xe9', 'latin1'],
    ['text/plain; charset="UTF-16LE"', 'ほ', 'utf16le'],
    ['text/plain; charset=nonsense', 'ほ', 'utf8'],
  ] as const)('is read as %s', async (type, text, encoding) => {
    expect(await previewOf(entry(Buffer.from(text, encoding), type))).toMatchObject({ text });
  });

  it('never ends in half a character', async () => {
    const preview = await previewOf(entry(`x${'é'.repeat(200_000)}`, 'text/plain'));
    expect(preview.kind === 'text' && preview.text.at(-1)).toBe('é');
  });

  it('is the beginning of a long text', async () => {
    const preview = await previewOf(entry('x'.repeat(1_000_000), 'application/json'));
    expect(preview).toMatchObject({ kind: 'text', length: 1_000_000, truncated: true });
    expect(preview.kind === 'text' && preview.text.length).toBe(256 * 1024);
  });

  it('is whole although its letters are fewer than its bytes', async () => {
    const exact = await previewOf(entry('é'.repeat(128 * 1024), 'application/json'));
    expect(exact).toMatchObject({ length: 256 * 1024, truncated: false });
    const more = await previewOf(entry('é'.repeat(128 * 1024 + 1), 'application/json'));
    expect(more).toMatchObject({ truncated: true });
  });

  it.each([
    ['a marker', entry('', 'text/plain', { marker: true })],
    ['an unknown coding', entry('x', 'text/plain', { coding: 'other' })],
    ['damaged gzip', entry('x', 'text/plain', { coding: 'gzip' })],
    ['an empty body', entry('', 'application/json')],
    ['other bytes', entry('\0\0', 'application/octet-stream')],
    ['a huge picture', entry(Buffer.concat([PNG, Buffer.alloc(9 * 1024 * 1024)]), 'image/png')],
  ])('is none of %s', async (_, stored) => {
    expect(await previewOf(stored)).toMatchObject({ kind: 'none' });
  });
});
