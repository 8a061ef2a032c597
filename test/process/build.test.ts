import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

describe('the build', () => {
  it('has the licence of every library that is in it beside it', () => {
    const named = readFileSync('dist/THIRD-PARTY.txt', 'utf8')
      .split(`\n${'-'.repeat(80)}\n`)
      .map((section) => /^\n?(?:Libraries in .*\n\n)?(\S+) \S+: (.+)\n\n([\s\S]+)/.exec(section));
    const has = new Set(named.map((match) => match?.[1]?.replace('/', '-').replace('@', '')));
    const parts = readdirSync('dist').map((file) => /^part-library-(.+)-[^-]{8}\.js$/.exec(file)?.[1]);
    const libraries = parts.filter((name) => name !== undefined);
    expect(libraries.length).toBeGreaterThan(10);
    expect(libraries.filter((name) => !has.has(name))).toEqual([]);
    for (const match of named) expect(match?.[3]?.length).toBeGreaterThan(30);
  });

  it('has every call of which only the exception counts: the bundler takes these for useless', () => {
    const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((file) =>
      file.endsWith('.ts'),
    );
    const bare = /^\s*(?:decodeURI|encodeURI|String\.fromCodePoint|String)(?:Component)?\([^=]*\);$/m;
    expect(files.length).toBeGreaterThan(300);
    expect(files.filter((file) => bare.test(readFileSync(`src/${file}`, 'utf8')))).toEqual([]);
  });
});
