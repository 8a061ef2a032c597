import { describe, expect, it } from 'vitest';
import { letterKit } from './letter-kit.js';

const FRESH = ['Cache-Control', 'max-age=60'];

describe('variants', () => {
  const inLanguage = (language: string) => ({
    headers: [...FRESH, 'Vary', 'Accept-Language', 'Content-Language', language],
    body: language,
  });
  const like = (value: string) => ['Accept-Language', value];

  it('a stored language that a client likes best answers it (RFC 9111 section 4.1)', async () => {
    const kit = letterKit();
    await kit.exchange(like('en, de'), inLanguage('de'));
    await kit.exchange(like('fr'), inLanguage('fr'));
    const { asked, body } = await kit.exchange(like('fr;q=0.5, de;q=1.0'));
    expect([asked, body]).toEqual([0, 'de']);
    expect((await kit.exchange(like('es, de;q=0.1'), inLanguage('es'))).asked).toBe(1);
  });

  it('nobody is given a language where the origin varies by more', async () => {
    const kit = letterKit();
    const both = {
      ...inLanguage('de'),
      headers: [...FRESH, 'Vary', 'Accept-Language, A', 'Content-Language', 'de'],
    };
    await kit.exchange(like('en, de'), both);
    expect((await kit.exchange(like('de, en;q=0.1'), both)).asked).toBe(1);
  });

  it('of two answers in one language the later one is reused', async () => {
    const kit = letterKit();
    await kit.exchange(like('de'), inLanguage('de'));
    await kit.exchange(like('es, de'), { ...inLanguage('de'), body: 'neu' });
    const { asked, body } = await kit.exchange(like('de, fr;q=0.1'));
    expect([asked, body]).toEqual([0, 'neu']);
  });

  it('languages are found where only L2 remembers them', async () => {
    const kit = letterKit();
    await kit.exchange(like('en, de'), inLanguage('de'));
    await kit.memory.clear();
    await kit.exchange(like('fr'), inLanguage('fr'));
    await kit.memory.clear();
    expect((await kit.exchange(like('de;q=0.9, fr;q=0.1'))).asked).toBe(0);
  });

  it('a variant that is not there is told from a key that is not (RFC 9211 section 2.2)', async () => {
    const kit = letterKit();
    await kit.exchange(like('de'), inLanguage('de'));
    expect((await kit.exchange(like('fr'), inLanguage('fr'))).answer.outcome.forward).toBe('vary-miss');
    expect((await kit.exchange([], { headers: FRESH }, '/other')).answer.outcome.forward).toBe('uri-miss');
  });
});
