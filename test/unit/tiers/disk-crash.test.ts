import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type DiskEvent,
  type DiskStore,
  MIN_DISK_BYTES,
  openDiskReader,
  openDiskStore,
} from '../../../src/tiers/disk.js';
import { bodyFor, sample } from '../../contract/samples.js';
import { FakeClock } from '../../support/fake-clock.js';
import { compiledTiers } from './compiled.js';

let tiers: string;
let parent: string;
let directory: string;
let clock: FakeClock;
let events: DiskEvent[];
const children: ChildProcess[] = [];

beforeAll(() => {
  tiers = compiledTiers();
});

afterAll(async () => {
  await rm(fileURLToPath(tiers), { recursive: true });
});

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'disk-crash-'));
  directory = join(parent, 'store');
  clock = new FakeClock();
  events = [];
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await rm(parent, { recursive: true });
});

const open = (): Promise<DiskStore> =>
  openDiskStore({ directory, maxBytes: MIN_DISK_BYTES, clock, onEvent: (event) => events.push(event) });

/** Starts `code` as a process of its own, with the store's module and the entry maker at hand. */
async function start(code: string, wrapper: readonly string[] = []): Promise<ChildProcess> {
  const script = join(parent, `child-${children.length}.mjs`);
  const head = `
    import { createHash } from 'node:crypto';
    import { openDiskStore, openDiskReader } from '${tiers}/tiers/disk.js';
    import { systemClock as clock } from '${tiers}/clock.js';
    const directory = ${JSON.stringify(directory)}, maxBytes = ${MIN_DISK_BYTES};
    const sample = ${JSON.stringify(sample('v1:k', { body: Buffer.alloc(0), storedAt: Date.now() }))};
    const entry = (key, length) => ({ ...sample, key, primaryKey: key,
      body: Buffer.alloc(length, createHash('sha512').update(key + '#' + length).digest()) });
    const sizeOf = (i) => (i % 40 === 0 ? 300_000 : 100 + ((i * 7919) % 9000));
  `;
  await writeFile(script, head + code);
  const [command = '', ...parameters] = [...wrapper, process.execPath, script];
  // lmdb prints failed commits on standard error by itself; here they are wanted.
  const child = spawn(command, parameters, {
    stdio: ['ignore', 'inherit', wrapper.length > 0 ? 'ignore' : 'inherit', 'ipc'],
  });
  children.push(child);
  return child;
}

const sizeOf = (i: number): number => (i % 40 === 0 ? 300_000 : 100 + ((i * 7919) % 9000));
const message = async <T>(child: ChildProcess): Promise<T> => (await once(child, 'message'))[0] as T;
const died = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

describe('a writer that is killed', () => {
  it('leaves a store in which every value is right or missing, and nothing acknowledged long ago is lost', async () => {
    let corrupt = 0;
    for (let round = 0; round < 6; round += 1) {
      const child = await start(`
        const store = await openDiskStore({ directory, maxBytes, clock });
        let i = ${round} * 1_000_000;
        for (;;) {
          const batch = Array.from({ length: 20 }, () => i++);
          await Promise.all(batch.map((n) => store.set(entry('v1:' + n, sizeOf(n)))));
          if (i % 200 === 0) await Promise.all([store.delete('v1:' + (i - 100)), store.set(entry('v1:same', sizeOf(i)))]);
          process.send(i);
        }
      `);
      let acknowledged = 0;
      child.on('message', (i: number) => {
        acknowledged = i;
      });
      await once(child, 'message');
      await new Promise((resolve) => setTimeout(resolve, 150 + 90 * round));
      child.kill('SIGKILL');
      await died(child);

      const store = await open();
      let right = 0;
      for (let i = acknowledged - 300; i < acknowledged + 40; i += 1) {
        const entry = await store.get(`v1:${i}`);
        if (entry === undefined) continue;
        expect(entry.key).toBe(`v1:${i}`);
        expect(entry.body.equals(bodyFor(`v1:${i}`, sizeOf(i)))).toBe(true);
        right += 1;
      }
      // All that was acknowledged is there, but for the ones the child deleted itself.
      expect(right).toBeGreaterThan(Math.min(300, acknowledged - round * 1_000_000) - 10);
      const page = await store.list({ after: '', limit: 100_000, contains: '', scanLimit: 100_000 });
      expect(page.rows.length).toBe(store.stats().entries);
      for (const { head } of page.rows) {
        const entry = await store.get(head.key);
        expect(entry?.body.equals(bodyFor(head.key, entry.body.length)), head.key).toBe(true);
      }
      corrupt += store.stats().corrupt;
      expect(store.stats().fileBytes).toBeLessThanOrEqual(MIN_DISK_BYTES);
      await store.close();
    }
    expect(corrupt).toBe(0);
    expect(events.filter(({ type }) => type === 'moved-aside')).toEqual([]);
    expect(events.filter(({ type }) => type === 'stale-lock').length).toBe(6);
  }, 60_000);

  it('keeps what was put into a durable area once its promise had resolved', async () => {
    const child = await start(`
      const store = await openDiskStore({ directory, maxBytes, clock });
      const area = store.durable('epochs');
      for (let i = 1; ; i++) { await area.put('global', Buffer.from(String(i))); process.send(i); }
    `);
    let acknowledged = 0;
    child.on('message', (i: number) => {
      acknowledged = i;
    });
    await once(child, 'message');
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGKILL');
    await died(child);
    const store = await open();
    expect(Number(store.durable('epochs').get('global')?.toString())).toBeGreaterThanOrEqual(acknowledged);
    await store.close();
  });
});

describe('a medium that takes no more', () => {
  it('makes sets fail, counted and told, while reads go on; nothing is thrown and nothing acknowledged is lost', async () => {
    const code = `
      const told = [];
      const store = await openDiskStore({ directory, maxBytes, clock, onEvent: (e) => told.push(e.type) });
      const results = {};
      for (let i = 0; i < 3000; i += 50) {
        const keys = Array.from({ length: 50 }, (_, j) => 'v1:' + (i + j));
        const answers = await Promise.all(keys.map((key) => store.set(entry(key, 200))));
        for (const [j, answer] of answers.entries()) {
          results[answer] = (results[answer] ?? 0) + 1;
          const read = await store.get(keys[j]);
          if ((read !== undefined) !== (answer === 'stored')) results.lies = (results.lies ?? 0) + 1;
        }
      }
      const { errors, entries } = store.stats();
      await store.close();
      process.send({ results, errors, entries, told: told.length > 0 && told.every((t) => t === 'error') }, () => process.exit(0));
    `;
    // Files end at a megabyte; only the index grows that far.
    const child = await start(code, ['sh', '-c', `trap '' XFSZ; ulimit -f 2048; exec "$0" "$1"`]);
    const { results, errors, entries, told } = await message<{
      results: Record<string, number>;
      errors: number;
      entries: number;
      told: boolean;
    }>(child);
    expect(Object.keys(results).sort()).toEqual(['failed', 'stored']);
    expect(entries).toBe(results.stored);
    expect(errors).toBeGreaterThan(0);
    expect(told).toBe(true);
    const store = await open();
    expect(store.stats().entries).toBe(entries);
    expect(await store.set(sample('v1:again'))).toBe('stored');
    await store.close();
  });
});

describe('several processes', () => {
  it('lets a reader see what the writer wrote, replaced, deleted and made durable', async () => {
    const child = await start(`
      const store = await openDiskStore({ directory, maxBytes, clock });
      await store.set(entry('v1:a', 5000));
      await store.set(entry('v1:big', 700_000));
      await store.durable('epochs').put('global', Buffer.from('1'));
      process.send('ready');
      process.on('message', async () => {
        await store.set(entry('v1:a', 6000));
        await store.delete('v1:big');
        await store.durable('epochs').put('global', Buffer.from('2'));
        process.send('changed');
      });
    `);
    await message(child);
    const reader = await openDiskReader({ directory, clock });
    expect((await reader.get('v1:a'))?.body.equals(bodyFor('v1:a', 5000))).toBe(true);
    expect((await reader.get('v1:big'))?.body.equals(bodyFor('v1:big', 700_000))).toBe(true);
    expect(reader.durable('epochs').get('global')?.toString()).toBe('1');
    child.send('change');
    await message(child);
    expect(reader.durable('epochs').get('global')?.toString()).toBe('2');
    expect((await reader.get('v1:a'))?.body.equals(bodyFor('v1:a', 6000))).toBe(true);
    expect(await reader.get('v1:big')).toBeUndefined();
    expect(await reader.set(sample('v1:x'))).toBe('read-only');
    expect(await reader.delete('v1:a')).toBe(false);
    expect(await reader.clear()).toBe(0);
    await expect(reader.durable('epochs').put('global', Buffer.from('3'))).rejects.toThrow('reading only');
    await expect(open()).rejects.toMatchObject({ code: 'in-use' });
    await reader.close();
  });

  /** Evictions under the readers, before they are told to end: counted, as a busy machine does little in a second. */
  const ENOUGH = 1000;

  it('gives readers right values or none while the writer evicts under them', async () => {
    const reading = `
      const store = await openDiskReader({ directory, clock, onTouch: (keys) => process.send({ touched: keys.length }) });
      let right = 0, missing = 0, wrong = 0, told = false;
      process.once('message', () => { told = true; });
      while (!told || right <= 1000) {
        for (let k = 0; k < 200; k++) {
          const i = Math.floor(Math.random() * 4000);
          const found = await store.get('v1:' + i);
          if (found === undefined) missing++;
          else if (found.key === 'v1:' + i && found.body.equals(entry('v1:' + i, sizeOf(i)).body)) right++;
          else wrong++;
        }
        await new Promise(setImmediate);
      }
      process.send({ right, missing, wrong, stats: store.stats() });
    `;
    const store = await open();
    const readers = await Promise.all([start(reading), start(reading)]);
    const results: { right: number; wrong: number; stats: { corrupt: number; errors: number } }[] = [];
    let touched = 0;
    for (const reader of readers) {
      reader.on('message', (m: { touched?: number }) => {
        if (m.touched === undefined) results.push(m as never);
        else touched += m.touched;
      });
    }
    let told = false;
    for (let i = 0; results.length < 2; i = (i + 20) % 4000) {
      if (!told && store.stats().evictions > ENOUGH && touched > 100) {
        told = true;
        for (const reader of readers) reader.send('enough');
      }
      const keys = Array.from({ length: 20 }, (_, j) => i + j);
      await Promise.all(
        keys.map((n) => store.set(sample(`v1:${n}`, { body: bodyFor(`v1:${n}`, sizeOf(n)) }))),
      );
    }
    for (const { right, wrong, stats } of results) {
      expect(wrong).toBe(0);
      expect(right).toBeGreaterThan(1000);
      expect(stats).toMatchObject({ corrupt: 0, errors: 0 });
    }
    expect(touched).toBeGreaterThan(100);
    expect(store.stats().evictions).toBeGreaterThan(ENOUGH);
    await store.close();
  }, 60_000);
});
