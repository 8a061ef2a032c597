import { expect, it } from 'vitest';
import { Reloader } from '../../../src/cluster/reloader.js';
import { LiveConfig } from '../../../src/config/live.js';
import { reloadConfig } from '../../../src/config/reload.js';
import type { Logger } from '../../../src/observe/log.js';
import { FakeClock } from '../../support/fake-clock.js';
import { load } from '../config/helpers.js';

/** A node alone, whose `.env` has another disk bound by now. */
function kit(settle: () => Promise<void>) {
  const logged: unknown[] = [];
  const note = (...line: unknown[]) => void logged.push(line);
  const running = load({});
  const live = new LiveConfig(running.config);
  const files: Record<string, string> = { '/work/.env': 'DISK_CACHE_BYTES=1GiB' };
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(path), { code: 'ENOENT' });
    return text;
  };
  const reloader = new Reloader({
    loaded: running,
    reread: (before) => reloadConfig(before, { env: {}, cwd: '/work', readFile }),
    live,
    workers: () => [],
    check: () => {},
    settle,
    clock: new FakeClock(),
    log: { info: note, warn: note, error: note } as unknown as Logger,
  });
  return { reloader, logged, live };
}

it('a reload of which a part can not be put to use does not say that all of it is', async () => {
  const { reloader, logged, live } = kit(() => Promise.reject(new Error('the disk is away')));
  expect(await reloader.reload()).toMatchObject({ changed: ['DISK_CACHE_BYTES'], settled: false });
  expect(live.config.cache.diskBytes).toBe(2 ** 30);
  expect(logged).toContainEqual([
    { err: new Error('the disk is away') },
    'not all of the new configuration could be put to use',
  ]);
});

it('a reload answers once what has to be waited for is in use', async () => {
  let done = () => {};
  const { reloader } = kit(() => new Promise((resolve) => (done = resolve)));
  let answered = false;
  const reloaded = reloader.reload().finally(() => {
    answered = true;
  });
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  done();
  expect(await reloaded).toMatchObject({ changed: ['DISK_CACHE_BYTES'], settled: true });
});
