import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type DiskEvent,
  type DiskStore,
  DiskStoreError,
  MIN_DISK_BYTES,
  openDiskReader,
  openDiskStore,
} from '../../../src/tiers/disk.js';
import { bodyFor, sample } from '../../contract/samples.js';
import { FakeClock } from '../../support/fake-clock.js';
import { eventually } from '../../support/patience.js';

let parent: string;
let directory: string;
let clock: FakeClock;
let events: DiskEvent[];
let opened: DiskStore[];

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'disk-open-'));
  directory = join(parent, 'deep', 'store');
  clock = new FakeClock();
  events = [];
  opened = [];
});

afterEach(async () => {
  for (const store of opened) await store.close();
  await rm(parent, { recursive: true });
});

async function open(maxBytes = MIN_DISK_BYTES): Promise<DiskStore> {
  const store = await openDiskStore({ directory, maxBytes, clock, onEvent: (event) => events.push(event) });
  opened.push(store);
  return store;
}

/** A store with fifty entries and a durable value, closed. */
async function filled(): Promise<void> {
  const store = await open();
  for (let i = 0; i < 50; i += 1) await store.set(sample(`v1:k${i}`, { body: bodyFor(`v1:k${i}`, 3000) }));
  await store.durable('epochs').put('global', Buffer.from('41'));
  await store.close();
}

const movedAside = (): Extract<DiskEvent, { type: 'moved-aside' }> => {
  const event = events.find(({ type }) => type === 'moved-aside');
  if (event?.type !== 'moved-aside') throw new Error(`nothing was moved aside: ${JSON.stringify(events)}`);
  return event;
};

async function worksEmpty(store: DiskStore): Promise<void> {
  expect(store.stats()).toMatchObject({ entries: 0, bytes: 0 });
  expect(await store.set(sample('v1:new'))).toBe('stored');
  expect(await store.get('v1:new')).toBeDefined();
}

describe('opening the disk store', () => {
  it('makes a missing directory, and keeps entries, their counts and durable values over a restart', async () => {
    const first = await open();
    for (let i = 0; i < 1200; i += 1) await first.set(sample(`v1:k${i}`, { body: bodyFor(`v1:k${i}`, i) }));
    await first.delete('v1:k7');
    await first.set(sample('v1:k8', { body: bodyFor('v1:k8', 9000) }));
    await first.durable('epochs').put('global', Buffer.from('41'));
    const before = first.stats();
    await first.close();

    const second = await open();
    expect(second.stats()).toMatchObject({ entries: 1199, bytes: before.bytes });
    expect(second.durable('epochs').get('global')?.toString()).toBe('41');
    expect(await second.get('v1:k7')).toBeUndefined();
    expect((await second.get('v1:k8'))?.body.equals(bodyFor('v1:k8', 9000))).toBe(true);
    for (let i = 9; i < 1200; i += 1) {
      expect((await second.get(`v1:k${i}`))?.body.equals(bodyFor(`v1:k${i}`, i))).toBe(true);
    }
    expect(events).toEqual([]);
  });

  it('refuses a bound that is too small, and a directory that cannot be made', async () => {
    await expect(open(1_000_000)).rejects.toMatchObject({ name: 'DiskStoreError', code: 'too-small' });
    mkdirSync(join(parent, 'deep'));
    writeFileSync(join(parent, 'deep', 'file'), 'x');
    directory = join(parent, 'deep', 'file', 'store');
    await expect(open()).rejects.toMatchObject({ code: 'unwritable' });
    directory = '/proc/no-such-place/store';
    await expect(open()).rejects.toBeInstanceOf(DiskStoreError);
  });

  it('tells a reader that there is no store yet', async () => {
    await expect(openDiskReader({ directory, clock })).rejects.toMatchObject({ code: 'missing' });
  });

  it('refuses a second writer in the same process, and lets one in after the first has closed', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'in-use' });
    await first.close();
    await worksEmpty(await open());
  });

  it('takes over the lock of a process that is gone, and not that of one that lives', async () => {
    await filled();
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    try {
      writeFileSync(
        join(directory, 'lock'),
        JSON.stringify({ pid: child.pid, started: '', host: hostname() }),
      );
      await expect(open()).rejects.toMatchObject({ code: 'in-use' });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const store = await open();
    expect(events).toEqual([{ type: 'stale-lock', pid: child.pid }]);
    expect(store.stats().entries).toBe(50);
  });

  it.runIf(process.platform === 'linux')(
    'takes over the lock of a killed process that nobody has reaped',
    async () => {
      await filled();
      // What the shell becomes does not wait for the child it had.
      const parent = spawn('sh', ['-c', 'sh -c "echo \\$\\$" & exec sleep 60'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        const [line] = (await once(parent.stdout, 'data')) as [Buffer];
        const pid = Number(line.toString());
        await eventually(() => expect(readFileSync(`/proc/${pid}/stat`, 'utf8')).toContain(') Z '));
        writeFileSync(join(directory, 'lock'), JSON.stringify({ pid, started: '', host: hostname() }));
        expect((await open()).stats().entries).toBe(50);
      } finally {
        parent.kill('SIGKILL');
        await once(parent, 'exit');
      }
    },
  );

  it('takes over a lock whose pid now belongs to another process, or that is half written', async () => {
    await filled();
    writeFileSync(
      join(directory, 'lock'),
      JSON.stringify({ pid: process.ppid, started: '1', host: hostname() }),
    );
    await (await open()).close();
    writeFileSync(join(directory, 'lock'), '{"pid":');
    expect((await open()).stats().entries).toBe(50);
  });

  it('removes body files that no entry names, and says so', async () => {
    await filled();
    writeFileSync(join(directory, 'bodies', '0000000999.seg'), Buffer.alloc(5000));
    const store = await open();
    expect(events).toEqual([{ type: 'orphans-removed', files: 1, bytes: 5000 }]);
    expect(readdirSync(join(directory, 'bodies'))).not.toContain('0000000999.seg');
    expect(store.stats().entries).toBe(50);
  });
});

describe('a disk store that is damaged or foreign is moved aside, never deleted', () => {
  const damages: [string, 'corrupt' | 'foreign' | 'schema', () => void][] = [
    [
      'an index overwritten with text',
      'corrupt',
      () => writeFileSync(join(directory, 'index.mdb'), 'not LMDB at all'.repeat(1000)),
    ],
    ['an index whose first page is zero', 'corrupt', () => patch('index.mdb', 0, Buffer.alloc(4096))],
    [
      'an index cut in half',
      'corrupt',
      () =>
        truncateSync(
          join(directory, 'index.mdb'),
          Math.floor(statSync(join(directory, 'index.mdb')).size / 20),
        ),
    ],
    ['an index of another LMDB format', 'corrupt', () => patch('index.mdb', 28, Buffer.from([1, 0, 0, 0]))],
    ['a marker that is no JSON', 'corrupt', () => writeFileSync(join(directory, 'store.json'), '\0\0\0')],
    [
      'a marker of another program',
      'foreign',
      () => writeFileSync(join(directory, 'store.json'), '{"name":"x"}'),
    ],
    ['data without a marker', 'foreign', () => unlinkSync(join(directory, 'store.json'))],
    [
      'a newer schema',
      'schema',
      () => writeFileSync(join(directory, 'store.json'), '{"store":"tmdb-cache-proxy","schema":99}'),
    ],
    ['an index that ended three starts', 'corrupt', () => writeFileSync(join(directory, 'opening'), '3')],
  ];
  it.each(damages)('%s', async (_what, reason, damage) => {
    const store = await open();
    for (let i = 0; i < 2000; i += 100) {
      await Promise.all(Array.from({ length: 100 }, (_, j) => store.set(sample(`v1:k${i + j}`))));
    }
    await store.close();
    damage();
    const bytes = readFileSync(join(directory, 'index.mdb'));
    await worksEmpty(await open());
    const event = movedAside();
    expect(event.reason).toBe(reason);
    expect(basename(event.to)).toMatch(/^store\.corrupt-2026-01-01T00-00-00-000Z$/);
    expect(readFileSync(join(event.to, 'index.mdb')).equals(bytes)).toBe(true);
    expect(existsSync(join(event.to, 'bodies'))).toBe(true);
    await opened.at(-1)!.close();
    expect((await open()).stats().entries).toBe(1);
  });

  it('a file where the directory belongs', async () => {
    mkdirSync(join(parent, 'deep'));
    writeFileSync(directory, 'somebody’s notes');
    await worksEmpty(await open());
    expect(movedAside().reason).toBe('foreign');
    expect(readFileSync(movedAside().to, 'utf8')).toBe('somebody’s notes');
  });

  it('files of others in the directory stay where they are', async () => {
    mkdirSync(join(directory, 'photos'), { recursive: true });
    writeFileSync(join(directory, 'letter.txt'), 'dear');
    writeFileSync(join(directory, 'photos', 'a.jpg'), 'x');
    await worksEmpty(await open());
    expect(events).toEqual([]);
    expect(readFileSync(join(directory, 'letter.txt'), 'utf8')).toBe('dear');
    expect(existsSync(join(directory, 'photos', 'a.jpg'))).toBe(true);
  });
});

describe('damage that only a read can find is a miss, counted, and removed (I-25)', () => {
  it('bodies that were changed, cut off or lost', async () => {
    await filled();
    const [segment] = readdirSync(join(directory, 'bodies'));
    const path = join('bodies', segment!);
    const size = statSync(join(directory, path)).size;
    patch(path, 100, Buffer.from('damage'));
    truncateSync(join(directory, path), size - 10_000);
    const store = await open();
    const missing: string[] = [];
    for (let i = 0; i < 50; i += 1) {
      const entry = await store.get(`v1:k${i}`);
      if (entry === undefined) missing.push(`k${i}`);
      else expect(entry.body.equals(bodyFor(`v1:k${i}`, 3000))).toBe(true);
    }
    expect(missing).toEqual(['k0', 'k46', 'k47', 'k48', 'k49']);
    expect(store.stats()).toMatchObject({ corrupt: 1, errors: 0 });
    await store.flush();
    expect(store.stats().entries).toBe(45);
  });

  it('rows that were changed in the index', async () => {
    await filled();
    const index = readFileSync(join(directory, 'index.mdb'));
    // Every copy of one head, in whichever page it lies.
    const head = 'v1:k17OKdetail';
    for (let at = index.indexOf(head); at >= 0; at = index.indexOf(head, at + 1)) {
      patch('index.mdb', at + 12, Buffer.from('9'));
    }
    const store = await open();
    expect(await store.get('v1:k17')).toBeUndefined();
    expect(await store.get('v1:k18')).toBeDefined();
    expect(store.stats()).toMatchObject({ corrupt: 1, errors: 0 });
    await store.flush();
    expect((await store.list({ after: '', limit: 99, contains: '', scanLimit: 99 })).rows.length).toBe(49);
  });
});

describe('durable areas', () => {
  it('survive clear and restart, are apart from each other, ordered, and removable', async () => {
    const store = await open();
    const epochs = store.durable('epochs');
    await epochs.put('b', Buffer.from('2'));
    await epochs.put('a', Buffer.from('1'));
    await epochs.put('a', Buffer.from('11'));
    await store.durable('epochs2').put('a', Buffer.from('other'));
    await store.durable('epoch').put('z', Buffer.alloc(0));
    await store.set(sample('v1:k'));
    expect(await store.clear()).toBe(1);
    await epochs.remove('nothing');
    await store.close();
    const again = (await open()).durable('epochs');
    expect([...again.entries()].map(([key, value]) => [key, value.toString()])).toEqual([
      ['a', '11'],
      ['b', '2'],
    ]);
    await again.remove('a');
    expect(again.get('a')).toBeUndefined();
    expect([...again.entries()].length).toBe(1);
  });

  it('refuse what would make them a second cache', async () => {
    const area = (await open()).durable('x');
    await expect(area.put('k', Buffer.alloc(65_537))).rejects.toThrow(RangeError);
    await expect(area.put('k'.repeat(1001), Buffer.alloc(1))).rejects.toThrow(RangeError);
    const many = Array.from({ length: 17 }, (_, i) => area.put(`k${i}`, Buffer.alloc(65_000)));
    const results = await Promise.allSettled(many);
    expect(results.at(-1)?.status).toBe('rejected');
    expect(results[0]?.status).toBe('fulfilled');
  });
});

function patch(name: string, at: number, bytes: Buffer): void {
  const path = join(directory, name);
  const content = readFileSync(path);
  bytes.copy(content, at);
  writeFileSync(path, content);
}
