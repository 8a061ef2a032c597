import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Container, ISOLATES, type RunOptions, runImage } from '../support/container.js';
import { buildImage, type Image } from '../support/image.js';
import { freePort } from '../support/redis-server.js';

let image: Image;
let container: Container | undefined;
beforeAll(async () => {
  image = await buildImage();
}, 600_000);
afterEach(async () => {
  await container?.stop('SIGKILL');
  container = undefined;
});
afterAll(() => rmSync(image.folder, { recursive: true, force: true }));

const files = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

describe('the image, built as the Dockerfile says from what .dockerignore lets through', () => {
  it('adds little to Node: the bundle, lmdb, and no source, type or map of a library', () => {
    const app = files(join(image.root, image.workdir));
    const bytes = app.reduce((sum, file) => sum + statSync(file).size, 0);
    expect(app.filter((file) => /\.(?:ts|map|c|cc|h|gyp|md)$/.test(file))).toEqual([]);
    expect(app.filter((file) => file.endsWith('.node')).map((file) => /[^/]+$/.exec(file)?.[0])).toEqual([
      'node.napi.glibc.node',
      'node.napi.glibc.node',
    ]);
    expect(bytes / 1024 ** 2).toBeLessThan(12);
  });

  it('has the licence of every package in it', () => {
    const app = join(image.root, image.workdir);
    expect(readFileSync(join(app, 'LICENSE'), 'utf8')).toContain('MIT');
    expect(readFileSync(join(app, 'dist/THIRD-PARTY.txt'), 'utf8')).toContain('hono');
    const packages = files(join(app, 'node_modules')).filter((file) => file.endsWith('/package.json'));
    for (const file of packages)
      expect(JSON.parse(readFileSync(file, 'utf8')).license, file).toMatch(/MIT|Apache/);
  });

  it('has the command of the package, to be run by name', () => {
    expect(statSync(join(image.root, image.workdir, 'dist/main.js')).mode & 0o555).toBe(0o555);
    expect(readFileSync(join(image.root, image.workdir, 'dist/main.js'), 'utf8')).toMatch(
      /^#!\/usr\/bin\/env node\n/,
    );
  });
});

/** All workers listen, and the check of the image says so. Ends with the test's time when that never happens. */
async function healthy({ exec, output, ended }: Container): Promise<void> {
  const over = ended.then(({ code }) => {
    throw new Error(`ended with ${code}: ${output()}`);
  });
  over.catch(() => {}); // ends like this in every test, later
  while (!output().includes('listening on')) await Promise.race([wait(20), over]);
  while ((await exec(image.healthcheck)).code !== 0) await Promise.race([wait(20), over]);
}

const MODES: [how: string, isolated: boolean][] = [
  [`as an ordinary process${ISOLATES ? '' : ' (this machine makes no namespaces)'}`, false],
];
if (ISOLATES) MODES.push(['as process 1 of namespaces of its own', true]);

describe.each(MODES)('the image, run %s', (_how, isolated) => {
  const run = async (options: RunOptions = {}) => {
    const own: Record<string, string> = isolated ? {} : { PORT: String(await freePort()) };
    container = await runImage(image, isolated, {
      ...options,
      env: { WORKERS: '2', ...own, ...options.env },
    });
    return container;
  };

  it('becomes healthy by its own check, and ends with 0 when it is told to stop, its workers before it', async () => {
    const running = await run();
    await healthy(running);
    const workers = running.children().map(({ pid }) => pid);
    expect(workers).toHaveLength(2);
    expect(await running.stop(image.stopSignal)).toEqual({ code: 0, signal: null });
    expect(running.output().match(/"worker stopped"/g)).toHaveLength(2);
    for (const pid of workers) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });

  it('is told unhealthy when nobody answers', async () => {
    const running = await run();
    expect((await running.exec(image.healthcheck, { PORT: '1' })).code).toBe(1);
  });

  it('leaves no zombie when a worker dies', async () => {
    const running = await run();
    await healthy(running);
    const [first] = running.children();
    process.kill(first!.pid, 'SIGKILL');
    for (;;) {
      const states = running.children();
      if (states.every(({ pid, state }) => pid !== first!.pid && state !== 'Z') && states.length === 2) break;
      await wait(20);
    }
    await healthy(running);
    expect((await running.stop('SIGINT')).code).toBe(0);
  });

  it('writes as its user into /data, and can not change its own files', async () => {
    const running = await run();
    await healthy(running);
    const written = files(join(running.data, 'store'));
    expect(written.length).toBeGreaterThan(0);
    const owner = statSync(join(running.data, 'store')).uid;
    if (process.getuid?.() === 0) expect(owner).toBe(10_001);
    const write = `require('fs').writeFileSync(process.argv[1], '')`;
    const tried = await running.exec(['node', '-e', write, '/app/dist/main.js']);
    expect(tried.output).toMatch(isolated ? /EROFS/ : /EACCES|EROFS/);
  });

  it('starts on what it stored before, with another process of the same number', async () => {
    const running = await run();
    await healthy(running);
    await running.stop('SIGKILL');
    container = await runImage(image, isolated, {
      env: { WORKERS: '1', PORT: String(await freePort()) },
      data: running.data,
    });
    await healthy(container);
    expect(container.output()).not.toContain('in use');
    expect((await container.stop('SIGTERM')).code).toBe(0);
  });

  it('has the other commands, and needs no file of the machine for them', async () => {
    const running = await run({ args: ['--version'] });
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await running.ended).toEqual({ code: 0, signal: null });
    expect(running.output().trim()).toBe(version);
  });
});

describe.runIf(ISOLATES)(
  'the image, as `docker run --read-only --cap-drop=ALL … --user 10001` runs it',
  () => {
    it('has no right, no way to another one, and nothing to write to but /data and /tmp', async () => {
      container = await runImage(image, true, { env: { WORKERS: '1' } });
      await healthy(container);
      const status = readFileSync(`/proc/${container.pid}/status`, 'utf8');
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
        expect(status).toMatch(new RegExp(`${set}:\\t0+\\n`));
      expect(status).toMatch(/NoNewPrivs:\t1\n/);
      expect(status).toMatch(/Uid:\t10001\t10001\t10001\t10001\n/);
      const look = `const fs = require('fs');
      for (const folder of process.argv.slice(1))
        try { fs.writeFileSync(folder + '/x', ''); console.log(folder, 'written'); } catch (e) { console.log(folder, e.code); }`;
      const { output } = await container.exec([
        'node',
        '-e',
        look,
        '/data',
        '/tmp',
        '/',
        '/app',
        '/usr/local/bin',
      ]);
      expect(output.trim().split('\n')).toEqual([
        '/data written',
        '/tmp written',
        '/ EROFS',
        '/app EROFS',
        '/usr/local/bin EROFS',
      ]);
    });

    it('starts without a /tmp that can be written, too', async () => {
      container = await runImage(image, true, { env: { WORKERS: '2' }, tmp: false });
      await healthy(container);
      expect((await container.stop('SIGTERM')).code).toBe(0);
    });
  },
);
