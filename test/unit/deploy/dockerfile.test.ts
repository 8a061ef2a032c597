import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/config/settings/index.js';
import { copied, only, pairs, REPOSITORY, readDockerfile, words } from '../../support/dockerfile.js';
import { context } from '../../support/image.js';

const text = readFileSync(`${REPOSITORY}Dockerfile`, 'utf8');
const { defaults, build, final } = readDockerfile();
const manifest = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8')) as {
  name: string;
  version: string;
  description: string;
  license: string;
  scripts: Record<string, string>;
};

describe('Dockerfile', () => {
  it('is plain enough for the classic builder of docker-compose 1.29', () => {
    expect(text).not.toMatch(/^# *syntax=/m);
    expect(text).not.toMatch(
      /<<|--(?:mount|link|chmod|parents|exclude|start-interval)\b|\$BUILDPLATFORM|\$TARGET/,
    );
  });

  it('builds and runs on one exact Node: the one that the tests also run on', () => {
    const [, tested] = /on-node\.mjs (\S+)/.exec(manifest.scripts['test:node24']!)!;
    expect(defaults.NODE_IMAGE).toBe(`node:${tested}-bookworm-slim`);
    expect([build.image, final.image]).toEqual(Array(2).fill(`\${NODE_IMAGE}`));
  });

  it('installs libraries again only when the lock file changes', () => {
    const keywords = build.steps.map(({ text: line }) => line);
    const install = keywords.indexOf('npm ci --ignore-scripts');
    const before = build.steps.slice(0, install).filter(({ keyword }) => keyword === 'COPY');
    expect(before.map(({ text: line }) => line)).toEqual(['package.json package-lock.json .npmrc ./']);
  });

  it('has libraries with native parts for every machine it is built on', () => {
    const { packages } = JSON.parse(readFileSync(`${REPOSITORY}package-lock.json`, 'utf8'));
    for (const cpu of ['x64', 'arm64']) {
      expect(packages).toHaveProperty([`node_modules/@lmdb/lmdb-linux-${cpu}`]);
      expect(packages).toHaveProperty([`node_modules/@rolldown/binding-linux-${cpu}-gnu`]);
    }
  });

  it('leaves no package manager behind', () => {
    const removed = final.steps.find(({ keyword }) => keyword === 'RUN')!.text;
    for (const name of ['npm', 'npx', 'corepack', 'yarn', 'yarnpkg'])
      expect(removed).toMatch(new RegExp(`/usr/local/bin/${name}(?: |$)`));
    for (const folder of ['/usr/local/lib/node_modules', '/opt/yarn-*']) expect(removed).toContain(folder);
  });

  it('runs as an ordinary user, named by number for Kubernetes, who owns the volume and nothing else', () => {
    expect(only(final, 'USER')).toBe('1000:1000');
    expect(only(final, 'VOLUME')).toBe('/data');
    // Any other --user can write there as well.
    expect(final.steps.find(({ keyword }) => keyword === 'RUN')!.text).toMatch(
      /mkdir -m 1777 \/data && chown 1000:1000 \/data$/,
    );
    for (const { keyword, text: line } of final.steps)
      if (keyword === 'COPY') expect(line).not.toContain('--chown');
    const order = final.steps.map(({ keyword }) => keyword);
    expect(order.indexOf('USER')).toBeGreaterThan(order.lastIndexOf('COPY'));
    // What is done to a volume's folder after VOLUME is lost.
    expect(order.indexOf('VOLUME')).toBeGreaterThan(order.lastIndexOf('RUN'));
  });

  it('sets only variables that the program knows, and Node’s own', () => {
    const { NODE_ENV, ...env } = pairs(only(final, 'ENV'));
    expect(NODE_ENV).toBe('production');
    expect(env).toEqual({ CACHE_DIR: '/data' });
    expect(Object.keys(env).filter((name) => !Object.hasOwn(SETTINGS, name))).toEqual([]);
  });

  it('exposes the port that the program listens on', () => {
    expect(only(final, 'EXPOSE')).toBe(SETTINGS.PORT.default);
    expect(words(only(final, 'HEALTHCHECK')).at(-1)).toContain(
      `process.env.PORT || ${SETTINGS.PORT.default}`,
    );
  });

  it('starts the program itself as process 1: no shell, no npm, no init', () => {
    expect(words(only(final, 'ENTRYPOINT'))).toEqual(['node', `${only(final, 'WORKDIR')}/dist/main.js`]);
    expect(words(only(final, 'CMD'))).toEqual(['serve']);
    expect(words(only(final, 'HEALTHCHECK'))[0]).toBe('node');
    expect(only(final, 'STOPSIGNAL')).toBe('SIGTERM');
  });

  it('says what it is', () => {
    const label = (name: string) => `org.opencontainers.image.${name}`;
    expect(pairs(only(final, 'LABEL'))).toEqual({
      [label('title')]: manifest.name,
      [label('description')]: manifest.description,
      [label('version')]: manifest.version,
      [label('revision')]: `\${REVISION}`,
      [label('licenses')]: manifest.license,
    });
  });
});

describe('.dockerignore', () => {
  const wanted = build.steps.flatMap(({ keyword, text: line }) =>
    keyword === 'COPY' ? copied(line).sources : [],
  );

  it('lets through all that is copied', () => {
    for (const source of wanted) expect(context(source), source).not.toEqual([]);
  });

  it('lets through nothing else', () => {
    const exceptions = readFileSync(`${REPOSITORY}.dockerignore`, 'utf8').match(/^!.*$/gm)!;
    expect(exceptions.map((line) => line.slice(1)).sort()).toEqual([...wanted].sort());
    for (const other of ['.git', 'test', 'docs', 'bench', 'node_modules/lmdb'])
      expect(context(other), other).toEqual([]);
  });
});
