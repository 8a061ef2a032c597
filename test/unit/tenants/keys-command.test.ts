import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { keysCommand } from '../../../src/keys-command.js';
import { hashOf } from '../../../src/tenants/key-text.js';
import { parseKeys } from '../../../src/tenants/keys-file.js';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-keys-'));
  file = join(folder, 'keys.json');
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = 0;
  rmSync(folder, { recursive: true, force: true });
});

/** What the command prints and how it ends. */
async function run(...args: string[]): Promise<{ out: string; err: string; code: number }> {
  const told = { out: '', err: '' };
  process.exitCode = 0;
  const written = (name: 'out' | 'err') => (text: unknown) => {
    told[name] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(written('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(written('err'));
  const exit = vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  let code = 0;
  await keysCommand()
    .parseAsync(args, { from: 'user' })
    .catch((error: Error) => {
      const ended = /^exit (\d)$/.exec(error.message)?.[1];
      if (ended === undefined) throw error;
      code = Number(ended);
    });
  exit.mockRestore();
  return { ...told, code: code === 0 ? Number(process.exitCode ?? 0) : code };
}
const add = (...args: string[]) => run('add', ...args, '--file', file);
const kept = () => parseKeys(readFileSync(file, 'utf8'));

describe('keys add', () => {
  it('makes a key that looks like one of TMDB for clients that take no other, and it is taken', async () => {
    const { out, code } = await add('emby', '--hex');
    expect(code).toBe(0);
    expect(out).toMatch(/^[0-9a-f]{32}\n$/);
    expect(kept()[0]?.keys[0]?.hash).toBe(hashOf(out.trim()));
  });

  it('prints the key once, on standard output alone, and keeps its digest', async () => {
    const { out, err, code } = await add('living-room');
    expect(code).toBe(0);
    expect(out).toMatch(/^tcp_[A-Z][A-Za-z0-9]{5}_[A-Za-z0-9_-]{43}\n$/);
    const key = out.trim();
    expect(err).toMatch(/Key \w+ of living-room, shown only this once/);
    expect(err).not.toContain(key);
    expect(readFileSync(file, 'utf8')).not.toContain(key.slice(12));
    expect(kept()[0]!.keys[0]!.hash).toBe(hashOf(key));
  });

  it.each(['000', '022', '077'])(
    'makes a file for its owner alone, and leaves the mode of one that is there, under the umask %s',
    async (umask) => {
      const before = process.umask(Number.parseInt(umask, 8));
      try {
        await add('a');
        expect(statSync(file).mode & 0o777).toBe(0o600);
        chmodSync(file, 0o644);
        await add('b');
        expect(statSync(file).mode & 0o777).toBe(0o644);
      } finally {
        process.umask(before);
      }
    },
  );

  it('a second key of a tenant overlaps the first; limits that are given are changed, others stay', async () => {
    await add('a', '--rate', '2.5', '--quota', '1000', '--classes', 'detail,image', '--diagnostics');
    await add('a', '--rate', '5', '--expires', '2027-01-31');
    const [tenant] = kept();
    expect(tenant).toMatchObject({ rate: 5, quota: 1000, classes: ['detail', 'image'], diagnostics: true });
    expect(tenant!.keys.map(({ expires }) => expires)).toEqual([undefined, Date.UTC(2027, 1, 1)]);
    await add('a', '--no-diagnostics');
    expect(kept()[0]).toMatchObject({ diagnostics: false, rate: 5 });
  });

  it.each([
    [['Living Room'], /tenant's name is up to 64/],
    [['anonymous'], /is for those who send no key/],
    [['a', '--rate', '0'], /must be requests per second/],
    [['a', '--quota', '1.5'], /must be a whole number/],
    [['a', '--classes', 'movies'], /must be some of image/],
    [['a', '--expires', 'soon'], /must be a date.*30d/],
    [['a', '--expires', '2020-01-01'], /over already/],
    [['a', '--expires', '0d'], /over already/],
    [['a', '--speed', '3'], /unknown option/],
  ])('refuses %j, says what to write, and changes nothing', async (args, message) => {
    const { err, out, code } = await add(...args);
    expect(err).toMatch(message);
    expect(out).toBe('');
    expect(code).toBe(2);
    expect(existsSync(file)).toBe(false);
  });

  it('changes nothing in a file that it can not read whole', async () => {
    writeFileSync(file, '{"version":1,"tenants":{"a":{"rate":"x"}}}');
    const { err, code } = await add('b');
    expect(err).toContain('tenants.a.rate: must be number');
    expect(code).toBe(1);
    expect(readFileSync(file, 'utf8')).toContain('"x"');
    expect(existsSync(`${file}.lock`)).toBe(false);
  });

  it('many at once lose none', async () => {
    const { editKeys, withNewKey } = await import('../../../src/tenants/keys-editor.js');
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        editKeys(file, (tenants) => withNewKey(tenants, `t${i}`, {}, { created: 1 }).tenants),
      ),
    );
    expect(kept()).toHaveLength(12);
  });

  it('waits for a living editor and takes over from a dead or silent one', async () => {
    writeFileSync(`${file}.lock`, '999999999');
    expect((await add('a')).code).toBe(0);
    writeFileSync(`${file}.lock`, String(process.pid));
    const old = new Date(Date.now() - 60_000);
    utimesSync(`${file}.lock`, old, old);
    expect((await add('b')).code).toBe(0);
    writeFileSync(`${file}.lock`, String(process.pid));
    const { err, code } = await add('c');
    expect(code).toBe(1);
    expect(err).toMatch(/another process is changing the keys file; if there is none, remove .*\.lock/);
    expect(kept()).toHaveLength(2);
  });

  it('a dead lock is taken over by one of many at a time, and nothing is left of it', async () => {
    const { editKeys, withNewKey } = await import('../../../src/tenants/keys-editor.js');
    writeFileSync(`${file}.lock`, '999999999');
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        editKeys(file, (tenants) => withNewKey(tenants, `t${i}`, {}, { created: 1 }).tenants),
      ),
    );
    expect(kept()).toHaveLength(12);
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('a link stays a link', async () => {
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    writeFileSync(file, '');
    await run('add', 'a', '--file', link);
    expect(kept()).toHaveLength(1);
    expect(readFileSync(link, 'utf8')).toBe(readFileSync(file, 'utf8'));
  });

  it('entries of PROXY_KEYS in the file become digests, and that is said', async () => {
    writeFileSync(file, 'bob=bobs-key-0123456789;rate=3\n');
    const { err } = await add('a');
    expect(err).toContain('it is JSON now, with digests in place of keys');
    expect(readFileSync(file, 'utf8')).not.toContain('bobs-key');
    expect(kept()[0]).toMatchObject({
      name: 'bob',
      rate: 3,
      keys: [{ hash: hashOf('bobs-key-0123456789') }],
    });
  });
});

describe('keys list', () => {
  it('shows tenants, limits and ids, and neither keys nor digests', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2019, 11, 31) });
    const { out: key } = await add('a', '--rate', '5', '--quota', '100', '--expires', '2020-01-01');
    vi.useRealTimers();
    const { out } = await run('list', '--file', file);
    const [{ hash, id }] = kept()[0]!.keys as [{ hash: string; id: string }];
    expect(out).toMatch(
      /^a: 5 a second, 100 a day\n {2}\w{6} {2}made 20\d\d-.*, expired 2020-01-02T00:00:00.000Z\n$/,
    );
    const { out: asJson } = await run('list', '--json', '--file', file);
    expect(JSON.parse(asJson)).toMatchObject([
      { name: 'a', rate: 5, quota: 100, keys: [{ id, revoked: null }] },
    ]);
    for (const text of [out, asJson]) {
      expect(text).not.toContain(hash);
      expect(text).not.toContain(key.trim());
    }
  });

  it('says how to make the file where there is none', async () => {
    const { err, code } = await run('list', '--file', file);
    expect(err).toContain('keys add <tenant>');
    expect(code).toBe(1);
  });

  it('with --json a failure is one object on standard output', async () => {
    const none = await run('list', '--json', '--file', file);
    expect(JSON.parse(none.out)).toEqual({ error: expect.stringContaining('keys add <tenant>') });
    writeFileSync(file, '{"version":1,"tenants":{"a":{"rate":"x"}}}');
    const wrong = await run('list', '--json', '--file', file);
    expect(JSON.parse(wrong.out)).toEqual({ error: expect.stringContaining('tenants.a.rate') });
    expect([none.code, wrong.code]).toEqual([1, 1]);
    expect(wrong.err).toMatch(/^tmdb-cache-proxy keys: tenants/);
  });
});

describe('keys revoke', () => {
  it('by id one key, by tenant all of them; they stay listed', async () => {
    await add('a');
    await add('a');
    const id = kept()[0]!.keys[0]!.id;
    expect((await run('revoke', id, '--file', file)).err).toMatch(/Revoked 1 key\./);
    expect(kept()[0]!.keys.map(({ revoked }) => revoked !== undefined)).toEqual([true, false]);
    expect((await run('revoke', 'a', '--file', file)).err).toMatch(/Revoked 1 key\./);
    expect((await run('revoke', 'a', '--file', file)).err).toMatch(/It was revoked before/);
    expect((await run('list', '--file', file)).out.match(/revoked/g)).toHaveLength(2);
  });

  it('what names the keys of several is refused, and nothing is revoked', async () => {
    const lines = 'alice=alices-key-0123456789\nbob=bobs-key-0123456789\nbob=bobs-other-key-0123456789\n';
    writeFileSync(file, lines);
    const { err, code } = await run('revoke', '1', '--file', file);
    expect(err).toContain('1 is of several: alice, bob; revoke a tenant by its name');
    expect(code).toBe(1);
    expect(readFileSync(file, 'utf8')).toBe(lines);
    expect((await run('revoke', '2', '--file', file)).err).toMatch(/Revoked 1 key\./);
    expect(kept().map(({ keys: all }) => all.map(({ revoked }) => revoked !== undefined))).toEqual([
      [false],
      [false, true],
    ]);
  });

  it('by an id of a file that held entries of PROXY_KEYS it is that key alone', async () => {
    writeFileSync(file, 'alice=alices-key-0123456789\nbob=bobs-key-0123456789\n');
    const { err } = await add('carol');
    const ids = kept().flatMap(({ keys: all }) => all.map(({ id }) => id));
    expect(new Set(ids).size).toBe(3);
    expect(err).toContain(`Key ${ids[2]} of carol`);
    expect((await run('revoke', ids[1]!, '--file', file)).err).toMatch(/Revoked 1 key\./);
    expect(kept().map(({ keys: all }) => all[0]!.revoked !== undefined)).toEqual([false, true, false]);
  });

  it('what is not there is told, with exit status 1', async () => {
    await add('a');
    const { err, code } = await run('revoke', 'nobody', '--file', file);
    expect(err).toContain('there is no such key or tenant');
    expect(code).toBe(1);
    expect((await run('revoke', 'a', '--file', join(folder, 'other'))).code).toBe(1);
  });
});

describe('which file', () => {
  it('is the one of the proxy, from the environment', async () => {
    vi.stubEnv('PROXY_KEYS_FILE', file);
    expect((await run('add', 'a')).code).toBe(0);
    expect(kept()).toHaveLength(1);
  });

  it('must be named somewhere', async () => {
    vi.stubEnv('PROXY_KEYS_FILE', '');
    const { err, code } = await run('list');
    expect(err).toContain('Give it with --file, or set PROXY_KEYS_FILE');
    expect(code).toBe(1);
  });
});
