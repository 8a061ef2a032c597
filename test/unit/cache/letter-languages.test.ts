import { describe, expect, it } from 'vitest';
import { languagesWith, preferredVariant, variantKey } from '../../../src/cache/variant.js';
import { type EntryHead, usefulUntil } from '../../../src/tiers/entry.js';
import type { MemoryTier } from '../../../src/tiers/memory.js';
import { settle } from '../../support/fake-clock.js';
import { bytesOf } from './engine-kit.js';
import { letterKit } from './letter-kit.js';

const KEY = 'v1:custom:/x';
const asks = (value: string) => ['Accept-Language', value];
const vary = (value: string, ...more: string[]) => [
  'Cache-Control',
  value,
  'Vary',
  'Accept-Language',
  ...more,
];
const inLanguage = (language: string, body: string) => ({
  headers: vary('max-age=60', 'Content-Language', language),
  body,
});

describe('the variant in the language a client likes best, RFC 9111 section 4.1', () => {
  it('is not what was in that language once and is in another now', async () => {
    const kit = letterKit();
    await kit.exchange(asks('fr, en;q=0.5'), inLanguage('en', 'hello'));
    expect((await kit.exchange(asks('en'))).body).toBe('hello');
    kit.clock.advance(61_000);
    await kit.exchange(asks('fr, en;q=0.5'), inLanguage('fr', 'bonjour'));
    const english = await kit.exchange(asks('en'), inLanguage('en', 'hello again'));
    expect(english.body).toBe('hello again');
    expect((await kit.exchange(asks('fr'))).body).toBe('bonjour');
  });

  it('is not what says nothing of its language any more', async () => {
    const kit = letterKit();
    await kit.exchange(asks('fr, en;q=0.5'), inLanguage('en', 'hello'));
    kit.clock.advance(61_000);
    await kit.exchange(asks('fr, en;q=0.5'), { headers: vary('max-age=60'), body: '?' });
    expect((await kit.exchange(asks('en'), inLanguage('en', 'hello'))).body).toBe('hello');
  });

  it.each(['memory', 'L2'])(
    'is not what a marker in %s says of it wrongly: they are written apart',
    async (where) => {
      const kit = letterKit();
      await kit.exchange(asks('fr, en;q=0.5'), inLanguage('fr', 'bonjour'));
      const marker = await kit.l2.get(KEY);
      const key = variantKey(KEY, ['accept-language'], asks('fr, en;q=0.5'));
      const wrong = { ...marker!, headers: ['en', key] };
      expect(preferredVariant(wrong, asks('en'))).toBe(key);
      if (where === 'memory') kit.engine.lookup.remember(wrong, kit.clock.now());
      else {
        await kit.l2.set(wrong);
        kit.memory.deleteNow(KEY);
      }
      expect((await kit.exchange(asks('en'), inLanguage('en', 'hello'))).body).toBe('hello');
    },
  );
});

it.each([
  ['fr', ['fr', 'K', 'de', 'D']],
  [undefined, ['de', 'D']],
])('a variant that is in %s now is remembered under no other language', (language, known) => {
  const headers = language === undefined ? [] : ['Content-Language', language];
  const variant = { key: 'K', vary: ['accept-language'], headers } as unknown as EntryHead;
  expect(languagesWith(['en', 'K', 'de', 'D'], variant)).toEqual(known);
});

describe('a marker lives as long as the variants it leads to', () => {
  const until = async (l2: MemoryTier) => usefulUntil((await l2.get(KEY)) as EntryHead);

  it.each(['known here', 'known to L2 alone'])(
    '%s: a short-lived variant does not cut it short',
    async (known) => {
      const kit = letterKit({ sieMs: 0 });
      await kit.exchange(['Accept', 'a'], { headers: ['Cache-Control', 'max-age=86400', 'Vary', 'Accept'] });
      const long = await until(kit.l2);
      expect(long - kit.clock.now()).toBe(86_400_000);
      const answering = kit.ask('/x', { headers: ['Accept', 'b'] });
      await settle();
      if (known === 'known to L2 alone') kit.memory.deleteNow(KEY);
      const headers = ['Cache-Control', 'no-cache', 'ETag', '"a"', 'Vary', 'Accept'];
      kit.origin.last.reply({ headers });
      await bytesOf(await answering);
      await settle();
      expect(await until(kit.l2)).toBe(long);
    },
  );

  it('what is to be validated can be found for as long as it is kept', async () => {
    const kit = letterKit({ sieMs: 0 });
    await kit.exchange(['Accept', 'a'], {
      headers: ['Cache-Control', 'no-cache', 'ETag', '"a"', 'Vary', 'Accept'],
    });
    expect((await until(kit.l2)) - kit.clock.now()).toBe(3_600_000);
  });
});
