import { describe, expect, it } from 'vitest';
import { hashOf } from '../../../src/tenants/key-text.js';
import { parseKeys } from '../../../src/tenants/keys-file.js';
import { KeysMistake } from '../../../src/tenants/records.js';
import { keySetOf, united } from '../../../src/tenants/registry.js';

const LONG = 'a-key-made-by-somebody-0123456789';

function mistakesOf(text: string): readonly string[] {
  try {
    parseKeys(text);
  } catch (error) {
    if (error instanceof KeysMistake) return error.mistakes;
    throw error;
  }
  throw new Error('it was taken');
}

describe('the text of PROXY_KEYS', () => {
  it('names tenants and their keys, separated by commas or lines', () => {
    const tenants = parseKeys(
      `alice=${LONG}, bob:other-${LONG}\n# a remark, with = and ,\ncarol=third-${LONG}`,
    );
    expect(tenants.map(({ name }) => name)).toEqual(['alice', 'bob', 'carol']);
    expect(tenants[0]!.keys).toEqual([{ id: '1', hash: hashOf(LONG) }]);
    expect(tenants[1]!.keys[0]!.hash).toBe(hashOf(`other-${LONG}`));
  });

  it('holds limits, classes, an end and what is told', () => {
    const [tenant] = parseKeys(
      `alice=${LONG};rate=2.5;burst=20;quota=50000;classes=detail+search+image;expires=2027-01-31;diagnostics`,
    );
    expect(tenant).toMatchObject({
      rate: 2.5,
      burst: 20,
      quota: 50_000,
      classes: ['detail', 'search', 'image'],
      diagnostics: true,
    });
    expect(tenant!.keys[0]!.expires).toBe(Date.UTC(2027, 1, 1)); // to the end of that day
  });

  it('takes two keys of one tenant, each with its own end, for rotation', () => {
    const [tenant, ...others] = parseKeys(
      `alice=${LONG};rate=2;expires=2027-01-31T12:00:00Z,alice=new-${LONG}`,
    );
    expect(others).toEqual([]);
    expect(tenant).toMatchObject({ rate: 2 });
    expect(tenant!.keys.map(({ expires }) => expires)).toEqual([Date.UTC(2027, 0, 31, 12), undefined]);
  });

  it('takes a digest in place of a key, in either spelling', () => {
    const hex = Buffer.from(hashOf(LONG), 'base64url').toString('hex');
    const [a, b] = parseKeys(`alice=sha256:${hashOf(LONG)},bob:sha256:${hex}`);
    expect(a!.keys[0]!.hash).toBe(hashOf(LONG));
    expect(b!.keys[0]!.hash).toBe(hashOf(LONG));
  });

  it('gives those without a key a tenant, who has none', () => {
    expect(parseKeys('anonymous;classes=image;rate=5')).toEqual([
      { name: 'anonymous', diagnostics: false, classes: ['image'], rate: 5, keys: [] },
    ]);
  });

  it('marks a key that can be guessed', () => {
    expect(parseKeys('alice=short')[0]!.keys[0]!.weak).toBe(true);
    expect(parseKeys(`alice=${LONG}`)[0]!.keys[0]!.weak).toBeUndefined();
  });

  it.each([
    ['a key alone', LONG, /entry 1: write tenant=key/],
    ['a name in capitals', `Alice=${LONG}`, /entry 1: a tenant's name/],
    ['no key', 'alice=', /alice: key is missing/],
    ['a rate of nothing', `alice=${LONG};rate=0`, /alice: rate must be/],
    ['a rate that is no number', `alice=${LONG};rate=1e3`, /alice: rate must be/],
    ['half a quota', `alice=${LONG};quota=1.5`, /alice: quota must be/],
    ['an unknown class', `alice=${LONG};classes=detail+movies`, /alice: classes must be some of image/],
    ['a class that follows from a status', `alice=${LONG};classes=negative`, /alice: classes must be/],
    ['31 February', `alice=${LONG};expires=2027-02-31`, /alice: expires must be a date/],
    ['an unknown member', `alice=${LONG};speed=3`, /alice: a member is unknown/],
    ['a broken digest', 'alice=sha256:abc', /alice: key must be sha256:/],
    ['members that differ', `alice=${LONG};rate=1,alice=x${LONG};rate=2`, /alice: rate differs/],
    ['a key of those without one', `anonymous=${LONG}`, /anonymous: key must be left out/],
  ])('a bad entry is named without its key: %s', (_what, text, line) => {
    const mistakes = mistakesOf(text);
    expect(mistakes.join('\n')).toMatch(line);
    expect(mistakes.join('\n')).not.toContain(LONG);
  });

  it('tells every mistake at once', () => {
    expect(mistakesOf(`alice=${LONG};rate=x;quota=y,bob`)).toHaveLength(3);
  });
});

describe('both sources together', () => {
  it('a tenant in both is refused, since whose limits hold could not be told', () => {
    expect(() => united(parseKeys(`alice=${LONG}`), parseKeys(`alice=x${LONG}`))).toThrow(
      /alice: stands in PROXY_KEYS and in the keys file/,
    );
  });

  it('one key of two tenants is refused, and not repeated', () => {
    const both = () => united(parseKeys(`alice=${LONG},bob=${LONG}`), []);
    expect(both).toThrow(/bob: its key 1 is also one of alice/);
    expect(both).not.toThrow(LONG);
  });

  it('processes are told digests alone, and none that was revoked', () => {
    const [alice] = parseKeys(`alice=${LONG},alice=x${LONG}`);
    const revoked = { ...alice!, keys: [{ ...alice!.keys[0]!, revoked: 1 }, alice!.keys[1]!] };
    const set = keySetOf([revoked], 3);
    expect(set).toEqual({
      version: 3,
      tenants: [{ name: 'alice', diagnostics: false }],
      keys: [{ hash: hashOf(`x${LONG}`), id: '2', tenant: 'alice' }],
    });
    expect(JSON.stringify(set)).not.toContain(LONG);
  });
});
