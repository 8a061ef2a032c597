import { describe, expect, it } from 'vitest';
import { KeyKeeper } from '../../../src/tenants/keeper.js';
import { hashOf, printHash } from '../../../src/tenants/key-text.js';
import { parseKeys, printKeys } from '../../../src/tenants/keys-file.js';
import type { KeySet } from '../../../src/tenants/tenant.js';
import { FakeClock, settle } from '../../support/fake-clock.js';

const HASH = hashOf('a key');
const fileOf = (tenants: object) => JSON.stringify({ version: 1, tenants });
const ALICE = fileOf({ alice: { keys: [{ id: 'A1', hash: printHash(HASH) }] } });
const BOB = fileOf({ bob: { rate: 5, keys: [{ id: 'B1', hash: printHash(hashOf('b')) }] } });

describe('the form of the file', () => {
  it('is read back as it was written', () => {
    const tenants = parseKeys(
      fileOf({
        'living-room': {
          rate: 10,
          burst: 20,
          quota: 50_000,
          classes: ['detail', 'image'],
          expires: '2027-01-31',
          diagnostics: true,
          keys: [
            {
              id: 'k7Qd',
              hash: printHash(HASH),
              created: '2026-11-21T10:00:00Z',
              expires: null,
              revoked: null,
            },
            { id: 'x', hash: printHash(HASH), revoked: '2026-12-01T00:00:00.000Z' },
          ],
        },
        anonymous: { classes: ['image'], keys: [] },
      }),
    );
    expect(parseKeys(printKeys(tenants))).toEqual(tenants);
    expect(tenants[0]!.keys[0]).toEqual({ id: 'k7Qd', hash: HASH, created: Date.UTC(2026, 10, 21, 10) });
  });

  it.each([
    ['half of it', ALICE.slice(0, 40), 'it is not complete JSON'],
    ['another version', '{"version":2,"tenants":{}}', 'version: must be 1'],
    ['a name', fileOf({ 'Living Room': {} }), 'is no name for a tenant'],
    ['a rate', fileOf({ alice: { rate: -1 } }), 'tenants.alice.rate: must be requests per second'],
    ['a kind of value', fileOf({ alice: { quota: 'many' } }), 'tenants.alice.quota: must be number'],
    [
      'a digest',
      fileOf({ alice: { keys: [{ id: 'A', hash: 'in-clear-0123456789' }] } }),
      'tenants.alice.keys.0.hash: must be sha256:',
    ],
    [
      'a member',
      fileOf({ alice: { 'in-clear-0123456789': 1 } }),
      'tenants.alice: has a member that is unknown',
    ],
  ])('what is wrong is named without what stands there: %s', (_what, text, line) => {
    expect(() => parseKeys(text)).toThrow(line);
    expect(() => parseKeys(text)).not.toThrow('in-clear-0123456789');
  });
});

/** A file whose content a test sets; `mark` moves with it unless it is frozen. */
class TestFile {
  text: string | undefined;
  marks = 0;
  frozen = false;
  /** Resolves reads once a test says so. */
  held: (() => void) | undefined;
  hold = false;
  onChange = () => {};
  readonly files = {
    mark: async () => {
      if (this.text === undefined) throw Object.assign(new Error('gone'), { code: 'ENOENT' });
      return `${this.marks}`;
    },
    read: async () => {
      const { text } = this;
      if (this.hold)
        await new Promise<void>((resolve) => {
          this.held = resolve;
        });
      return text ?? '';
    },
    watch: (_path: string, onChange: () => void) => {
      this.onChange = onChange;
      return () => {
        this.onChange = () => {};
      };
    },
  };

  constructor(text: string | undefined) {
    this.text = text;
  }

  write(text: string | undefined): void {
    this.text = text;
    if (!this.frozen) this.marks += 1;
  }
}

async function following(text: string | undefined, variable?: string) {
  const clock = new FakeClock();
  const file = new TestFile(text);
  const warned: string[] = [];
  const told: KeySet[] = [];
  const keeper = new KeyKeeper({
    clock,
    variable,
    file: '/keys.json',
    files: file.files,
    warn: (message) => warned.push(message),
    info: () => {},
  });
  await keeper.start();
  keeper.onChange(async (keys) => void told.push(keys));
  const pass = async (ms: number) => {
    clock.advance(ms);
    await settle();
  };
  return { file, keeper, warned, told, pass, names: () => keeper.set.tenants.map(({ name }) => name) };
}

describe('a file that is followed', () => {
  it('is taken when it has changed, within its look of two seconds, and told with a higher number', async () => {
    const { file, keeper, told, pass, names } = await following(ALICE);
    const before = keeper.set.version;
    file.write(BOB);
    await pass(2000);
    expect(names()).toEqual(['bob']);
    expect(told).toEqual([keeper.set]);
    expect(keeper.set.version).toBeGreaterThan(before);
    keeper.close();
  });

  it('at once where the system tells of changes', async () => {
    const { file, keeper, pass, names } = await following(ALICE);
    file.write(BOB);
    file.onChange();
    await pass(50);
    expect(names()).toEqual(['bob']);
    keeper.close();
  });

  it.each([
    ['half-written', ALICE.slice(0, 50), /not complete JSON/],
    ['empty', '', /is empty/],
    ['gone', undefined, /cannot be read \(ENOENT\)/],
    ['mistaken', fileOf({ alice: { rate: 0 } }), /tenants.alice.rate/],
  ])(
    'that is %s keeps the last good keys, is told of once, and is taken when it is whole again',
    async (_what, bad, line) => {
      const { file, keeper, warned, told, pass, names } = await following(ALICE);
      file.write(bad);
      await pass(2000);
      await pass(2000);
      await pass(2000);
      expect(names()).toEqual(['alice']);
      expect(told).toEqual([]);
      expect(keeper.fileIsGood).toBe(false);
      expect(warned).toHaveLength(1);
      expect(warned[0]).toMatch(line);
      expect(warned[0]).toContain('The keys read before stay in force');
      file.write(BOB);
      await pass(2000);
      expect(names()).toEqual(['bob']);
      expect(keeper.fileIsGood).toBe(true);
      keeper.close();
    },
  );

  it('that is lines, of which nobody sees whether they are all, is taken when two looks have found the same', async () => {
    const carol = 'carol=carols-key-0123456789';
    const { file, keeper, warned, told, pass, names } = await following(ALICE);
    file.write(`${carol}\nda`);
    await pass(2000);
    file.write(`${carol}\ndave=daves-key-012345`);
    await pass(50);
    file.write(`${carol}\ndave=daves-key-0123456789\n`);
    await pass(50);
    expect(names()).toEqual(['alice']);
    await pass(50);
    expect(names()).toEqual(['carol', 'dave']);
    expect(told).toHaveLength(1);
    expect(keeper.set.keys.map(({ hash }) => hash)).toContain(hashOf('daves-key-0123456789'));
    expect(warned).toEqual([]);
    keeper.close();
  });

  it('that is lines is judged within a moment also where the clock of the file stands still', async () => {
    const { file, keeper, pass, names } = await following(ALICE);
    await pass(2000);
    await pass(2000);
    file.write('bo');
    await pass(2000);
    file.frozen = true;
    file.write('bob=bobs-key-0123456789');
    await pass(50);
    await pass(50);
    expect(names()).toEqual(['bob']);
    keeper.close();
  });

  it('that is written while it is read is not taken half', async () => {
    const { file, keeper, warned, pass, names } = await following(ALICE);
    file.hold = true;
    file.write(BOB.slice(0, 30));
    await pass(2000);
    file.write(BOB); // the reader has the first half in its hands
    file.held!();
    file.hold = false;
    await settle();
    expect(warned).toEqual([]);
    await pass(2000);
    expect(names()).toEqual(['bob']);
    keeper.close();
  });

  it('that is written twice within one tick of the file clock is read a second time', async () => {
    const { file, keeper, pass, names } = await following(ALICE);
    file.write(fileOf({}));
    await pass(2000);
    file.frozen = true;
    file.write(BOB);
    await pass(2000);
    expect(names()).toEqual(['bob']);
    keeper.close();
  });

  it('that names a tenant of PROXY_KEYS as well is refused, and the keys before stay', async () => {
    const { file, keeper, warned, pass, names } = await following(ALICE, 'bob=0123456789abcdef');
    expect(names()).toEqual(['bob', 'alice']);
    file.write(BOB);
    await pass(2000);
    expect(names()).toEqual(['bob', 'alice']);
    expect(warned.join()).toContain('bob: stands in PROXY_KEYS and in the keys file');
    keeper.close();
  });

  it('is not looked at any more once closed', async () => {
    const { file, keeper, told, pass } = await following(ALICE);
    keeper.close();
    file.write(BOB);
    file.onChange();
    await pass(10_000);
    expect(told).toEqual([]);
  });
});

describe('at the start', () => {
  it('an empty file locks everybody out, and that is said loudly', async () => {
    const { keeper, warned } = await following('');
    expect(keeper.set.keys).toEqual([]);
    expect(warned.join()).toMatch(/proxy keys are on and there is none.*keys add/);
    keeper.close();
  });

  it('a bad entry stops it, named without its key', async () => {
    await expect(following(fileOf({ alice: { rate: 'x' } }))).rejects.toThrow(
      'PROXY_KEYS_FILE: tenants.alice.rate: must be number',
    );
    await expect(following(ALICE, 'bob=secret-in-clear;rate=x')).rejects.toThrow(
      'PROXY_KEYS: bob: rate must be',
    );
    await expect(following(ALICE, 'bob=secret-in-clear;rate=x')).rejects.not.toThrow('secret-in-clear');
  });

  it('a key that can be guessed is warned of by its tenant', async () => {
    const { keeper, warned } = await following(ALICE, 'bob=guess-me');
    expect(warned.join()).toMatch(/tenant bob is shorter than 16/);
    expect(warned.join()).not.toContain('guess-me');
    keeper.close();
  });
});
