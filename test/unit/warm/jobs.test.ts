import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { MAX_LINES } from '../../../src/warm/command.js';
import { JobStore } from '../../../src/warm/job-store.js';
import { settle } from '../../support/fake-clock.js';
import { begin, eventually, jobOf, paths, startNode, temporaryDirectory } from './jobs-kit.js';

let directory: string;
let remove: () => Promise<void>;
beforeEach(() => {
  ({ path: directory, remove } = temporaryDirectory());
});
afterEach(() => remove());

describe('a job', () => {
  it('works its list off with so many in flight, and tells what came of it', async () => {
    const node = await startNode(directory);
    const { id } = await begin(node, ['/3/account', ...paths(5)], { concurrency: 3 });
    await eventually(() => expect(node.warmer.inFlight).toHaveLength(3));
    node.warmer.answer('/3/movie/1', { result: 'hits' });
    node.warmer.answer('/3/movie/3', { result: 'errors', why: 'the origin answered 500' });
    await eventually(() => expect(node.warmer.inFlight).toEqual(['/3/movie/2', '/3/movie/4', '/3/movie/5']));
    expect(await jobOf(node, id)).toMatchObject({
      status: 'running',
      total: 6,
      done: 3,
      hits: 1,
      errors: 1,
      skipped: 1,
    });
    for (const target of node.warmer.inFlight) node.warmer.answer(target);
    await eventually(async () => expect((await jobOf(node, id)).status).toBe('done'));
    expect(await jobOf(node, id)).toMatchObject({
      done: 6,
      filled: 3,
      left_s: null,
      last_error: 'the origin answered 500',
    });
    expect(node.jobs.figures()).toEqual({
      jobs: { done: 1 },
      targets: { hits: 1, filled: 3, skipped: 0, errors: 1 },
      left: 0,
    });
  });

  it('keeps canonical targets without credentials on disk, for this user alone, and no list when it is done', async () => {
    const node = await startNode(directory);
    const { id } = await begin(node, ['https://api.themoviedb.org/3/movie/1?api_key=SECRET&language=de']);
    const list = join(directory, `${id}.targets`);
    expect(readFileSync(list, 'utf8')).toBe('/3/movie/1?language=de\n');
    expect(statSync(list).mode & 0o077).toBe(0);
    for (const name of readdirSync(directory))
      expect(readFileSync(join(directory, name), 'utf8')).not.toContain('SECRET');
    await eventually(() => expect(node.warmer.inFlight).toHaveLength(1));
    node.warmer.answer('/3/movie/1?language=de');
    await eventually(() => expect(existsSync(list)).toBe(false));
  });

  it('tells its rate and the time left', async () => {
    const node = await startNode(directory);
    const { id } = await begin(node, paths(40), { concurrency: 1 });
    for (let i = 1; i <= 20; i++) {
      await eventually(() => expect(node.warmer.inFlight).toHaveLength(1));
      node.clock.advance(500);
      node.warmer.answer(`/3/movie/${i}`);
    }
    const job = await jobOf(node, id);
    expect(job.rate).toBeCloseTo(2, 0);
    expect(job.left_s).toBe(10);
    node.warmer.waitingFor = 'the origin has asked everybody to wait';
    expect((await jobOf(node, id)).last_error).toBe('waiting: the origin has asked everybody to wait');
    await node.jobs.close();
  });

  it('one runs, others wait for it in their order, and not more than sixteen', async () => {
    const node = await startNode(directory);
    const jobs = [];
    for (let i = 0; i < 17; i++) jobs.push(await begin(node, [`/3/movie/${i}`]));
    await expect(begin(node, ['/3/movie/99'])).rejects.toMatchObject({ code: 'conflict' });
    for (let i = 0; i < 17; i++) {
      await eventually(() => expect(node.warmer.inFlight).toEqual([`/3/movie/${i}`]));
      node.warmer.answer(`/3/movie/${i}`);
    }
    await eventually(() => expect(node.jobs.figures().jobs).toEqual({ done: 17 }));
  });

  it('a list of what is fresh leaves the process time for its clients', async () => {
    const node = await startNode(directory);
    node.warmer.always = { result: 'hits' };
    const { id } = await begin(node, paths(1000));
    await eventually(async () => expect((await jobOf(node, id)).done).toBeGreaterThan(0));
    await settle(50);
    expect((await jobOf(node, id)).done).toBeLessThan(100);
    await eventually(async () => {
      node.clock.advance(20);
      expect((await jobOf(node, id)).status).toBe('done');
    });
  });

  it('ends when TMDB does not take the key, instead of asking a million times', async () => {
    const node = await startNode(directory);
    node.warmer.always = { result: 'errors', why: 'the origin answered 401', refused: true };
    const { id } = await begin(node, paths(1000));
    await eventually(async () => expect((await jobOf(node, id)).status).toBe('failed'));
    expect((await jobOf(node, id)).last_error).toContain('set TMDB_API_KEY');
    expect(node.warmer.asked.length).toBeLessThan(40);
  });
});

describe('steering', () => {
  it('a pause gives up what is in flight; resumed, it goes on with that', async () => {
    const node = await startNode(directory);
    const { id } = await begin(node, paths(4), { concurrency: 2 });
    await eventually(() => expect(node.warmer.inFlight).toHaveLength(2));
    node.warmer.answer('/3/movie/2');
    await eventually(() => expect(node.warmer.inFlight).toEqual(['/3/movie/1', '/3/movie/3']));
    expect(await node.jobs.command({ kind: 'pause', id })).toMatchObject({ status: 'paused', done: 1 });
    await expect(node.jobs.command({ kind: 'pause', id })).rejects.toMatchObject({ code: 'conflict' });
    await node.jobs.command({ kind: 'resume', id });
    node.warmer.asked.length = 0;
    await eventually(() => expect(node.warmer.inFlight).toEqual(['/3/movie/1', '/3/movie/3']));
    for (const target of ['/3/movie/1', '/3/movie/3']) node.warmer.answer(target);
    await eventually(() => expect(node.warmer.inFlight).toEqual(['/3/movie/4']));
    node.warmer.answer('/3/movie/4');
    await eventually(async () =>
      expect(await jobOf(node, id)).toMatchObject({ status: 'done', done: 4, total: 4 }),
    );
  });

  it('a cancelled job is over; the next one begins', async () => {
    const node = await startNode(directory);
    const first = await begin(node, paths(3));
    const second = await begin(node, ['/3/tv/1']);
    await eventually(() => expect(node.warmer.inFlight).toHaveLength(3));
    expect(await node.jobs.command({ kind: 'cancel', id: first.id })).toMatchObject({ status: 'cancelled' });
    await eventually(() => expect(node.warmer.inFlight).toEqual(['/3/tv/1']));
    for (const kind of ['cancel', 'resume', 'pause'] as const)
      await expect(node.jobs.command({ kind, id: first.id })).rejects.toMatchObject({ code: 'conflict' });
    await node.jobs.command({ kind: 'cancel', id: second.id });
    await expect(node.jobs.command({ kind: 'cancel', id: 'nobody' })).rejects.toMatchObject({
      code: 'not_found',
    });
    await expect(node.jobs.status('nobody')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('a list in parts runs while it comes and ends with the last one', async () => {
    const node = await startNode(directory);
    const { id } = await begin(node, paths(2), { last: false });
    await eventually(() => expect(node.warmer.inFlight).toHaveLength(2));
    for (const target of paths(2)) node.warmer.answer(target);
    await settle();
    expect((await jobOf(node, id)).status).toBe('running');
    await node.jobs.command({ kind: 'append', id, urls: ['/3/movie/3', '/3/account'], last: false });
    await eventually(() => expect(node.warmer.inFlight).toEqual(['/3/movie/3']));
    node.warmer.answer('/3/movie/3');
    await node.jobs.command({ kind: 'append', id, urls: [], last: true });
    await eventually(async () =>
      expect(await jobOf(node, id)).toMatchObject({ status: 'done', total: 4, skipped: 1 }),
    );
    const late = node.jobs.command({ kind: 'append', id, urls: paths(1), last: true });
    await expect(late).rejects.toMatchObject({ code: 'conflict' });
  });

  it('a list whose sender has gone without a word does not hold up the others', async () => {
    const node = await startNode(directory);
    node.warmer.always = { result: 'filled' };
    const { id } = await begin(node, paths(2), { last: false });
    await eventually(async () => expect((await jobOf(node, id)).done).toBe(2));
    node.clock.advance(59_000);
    await settle();
    expect((await jobOf(node, id)).status).toBe('running');
    node.clock.advance(2000);
    await eventually(async () => expect((await jobOf(node, id)).status).toBe('done'));
  });

  it('a list beyond the bounds is refused with advice, and what it had stays', async () => {
    const node = await startNode(directory, { newId: () => 'big' });
    await begin(node, paths(2), { last: false });
    const store = new JobStore(directory);
    await node.jobs.close();
    const [record] = await store.load(() => {});
    await store.save({ ...record!, lines: MAX_LINES });
    const again = await startNode(directory);
    const more = again.jobs.command({ kind: 'append', id: 'big', urls: paths(1), last: true });
    await expect(more).rejects.toMatchObject({
      code: 'bad_request',
      message: expect.stringContaining('--top'),
    });
    await again.jobs.close();
  });

  it('a node that must not ask the origin says so', async () => {
    const node = await startNode(directory, { obstacle: 'OFFLINE=true: the origin is not asked' });
    await expect(begin(node, paths(1))).rejects.toMatchObject({
      code: 'conflict',
      message: /OFFLINE/ as unknown,
    });
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('a restart', () => {
  it('resumes where it was killed and repeats nothing that is fresh', async () => {
    const first = await startNode(directory);
    const { id } = await begin(first, paths(30), { concurrency: 4 });
    for (const target of ['/3/movie/1', '/3/movie/2', '/3/movie/4', '/3/movie/5']) {
      await eventually(() => expect(first.warmer.inFlight).toContain(target));
      first.warmer.answer(target);
    }
    await eventually(() => expect(first.warmer.inFlight).toHaveLength(4));
    // What was done is written down within two seconds; then the process is killed: nothing else happens to the files.
    first.clock.advance(2000);
    const record = join(directory, `${id}.json`);
    await eventually(() =>
      expect(JSON.parse(readFileSync(record, 'utf8'))).toMatchObject({ next: 2, ahead: [3, 4] }),
    );

    const second = await startNode(directory);
    await eventually(() =>
      expect(second.warmer.inFlight).toEqual(['/3/movie/3', '/3/movie/6', '/3/movie/7', '/3/movie/8']),
    );
    expect(await jobOf(second, id)).toMatchObject({ status: 'running', total: 30, done: 4, filled: 4 });
    for (let i = 0; i < 26; i++) {
      await eventually(() => expect(second.warmer.inFlight.length).toBeGreaterThan(0));
      second.warmer.answer(second.warmer.inFlight[0]!);
    }
    await eventually(async () => expect(await jobOf(second, id)).toMatchObject({ status: 'done', done: 30 }));
    expect(second.warmer.asked).toHaveLength(26);
    expect(new Set(second.warmer.asked).size).toBe(26);
  });

  it('a stop writes down all that is done; what waited waits, what was paused stays so', async () => {
    const first = await startNode(directory);
    const running = await begin(first, paths(5), { concurrency: 2 });
    const waiting = await begin(first, ['/3/tv/1']);
    const paused = await begin(first, ['/3/tv/2']);
    await first.jobs.command({ kind: 'pause', id: paused.id });
    await eventually(() => expect(first.warmer.inFlight).toHaveLength(2));
    first.warmer.answer('/3/movie/1');
    await eventually(() => expect(first.warmer.inFlight).toEqual(['/3/movie/2', '/3/movie/3']));
    await first.jobs.close();
    await expect(begin(first, paths(1))).rejects.toMatchObject({ code: 'conflict' });

    const second = await startNode(directory);
    await eventually(() => expect(second.warmer.inFlight).toHaveLength(2));
    expect(second.warmer.inFlight).toEqual(['/3/movie/2', '/3/movie/3']);
    const status = async (id: string) => (await jobOf(second, id)).status;
    expect(await Promise.all([running, waiting, paused].map(({ id }) => status(id)))).toEqual([
      'running',
      'queued',
      'paused',
    ]);
    await second.jobs.close();
  });

  it('of a part that was written but never confirmed nothing is left', async () => {
    const first = await startNode(directory);
    const { id } = await begin(first, paths(2));
    await first.jobs.close();
    const list = join(directory, `${id}.targets`);
    writeFileSync(list, `${readFileSync(list, 'utf8')}/3/movie/77\n/3/mov`);
    const second = await startNode(directory);
    await eventually(() => expect(second.warmer.inFlight).toEqual(paths(2)));
    expect(readFileSync(list, 'utf8')).toBe('/3/movie/1\n/3/movie/2\n');
    await second.jobs.close();
  });

  it('a file that can not be read is nobody’s to remove: it may be whole', async () => {
    mkdirSync(join(directory, 'abc.json'));
    writeFileSync(join(directory, 'abc.targets'), '/3/movie/1\n');
    const { events, jobs } = await startNode(directory);
    await eventually(() => expect(events.map(({ type }) => type)).toContain('unreadable'));
    expect(readdirSync(directory).sort()).toEqual(['abc.json', 'abc.targets']);
    await jobs.close();
  });

  it('damaged files are removed and told, and keep nothing from starting', async () => {
    const first = await startNode(directory);
    const { id } = await begin(first, paths(2));
    await first.jobs.close();
    writeFileSync(join(directory, 'bad.json'), '{"v":1,"id":"bad"');
    writeFileSync(join(directory, 'alien.json'), '{"v":1,"id":"other"}');
    writeFileSync(join(directory, 'orphan.targets'), '/3/movie/1\n');
    writeFileSync(join(directory, `${id}.json.1a2b3c4d.tmp`), '{');
    const second = await startNode(directory);
    await eventually(() => expect(second.warmer.inFlight).toEqual(paths(2)));
    expect(second.events.filter(({ type }) => type === 'damaged')).toHaveLength(2);
    expect(readdirSync(directory).sort()).toEqual([`${id}.json`, `${id}.targets`]);
    await second.jobs.close();
  });

  it('a list that has gone fails its job alone', async () => {
    const first = await startNode(directory);
    const lost = await begin(first, paths(2));
    const kept = await begin(first, ['/3/tv/1']);
    await first.jobs.close();
    await new JobStore(directory).list(lost.id).remove();
    const second = await startNode(directory);
    await eventually(() => expect(second.warmer.inFlight).toEqual(['/3/tv/1']));
    expect((await jobOf(second, lost.id)).status).toBe('failed');
    second.warmer.answer('/3/tv/1');
    await eventually(async () => expect((await jobOf(second, kept.id)).status).toBe('done'));
  });

  it('a job that is over is remembered for a day', async () => {
    const first = await startNode(directory);
    first.warmer.always = { result: 'filled' };
    const { id } = await begin(first, paths(1));
    await eventually(async () => expect((await jobOf(first, id)).status).toBe('done'));
    await first.jobs.close();
    first.clock.advance(23 * 3_600_000);
    const second = await startNode(directory, { clock: first.clock });
    expect((await jobOf(second, id)).status).toBe('done');
    first.clock.advance(2 * 3_600_000);
    const third = await startNode(directory, { clock: first.clock });
    expect(await third.jobs.status()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('a full disk', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });

  /** A store that takes nothing while `on`. */
  class FullStore extends JobStore {
    on = false;
    override save(record: Parameters<JobStore['save']>[0]): Promise<void> {
      return this.on ? Promise.reject(full) : super.save(record);
    }
  }

  it('fails the job that runs, and the proxy goes on; with room again it can be resumed', async () => {
    const store = new FullStore(directory);
    const node = await startNode(directory, { store });
    const { id } = await begin(node, paths(4), { concurrency: 1 });
    await eventually(() => expect(node.warmer.inFlight).toHaveLength(1));
    store.on = true;
    node.warmer.answer('/3/movie/1');
    await eventually(() => expect(node.warmer.inFlight).toEqual(['/3/movie/2']));
    node.clock.advance(2000);
    await eventually(async () => expect((await jobOf(node, id)).status).toBe('failed'));
    expect((await jobOf(node, id)).last_error).toContain('no space left');
    store.on = false;
    await node.jobs.command({ kind: 'resume', id });
    await eventually(() => expect(node.warmer.inFlight).toEqual(['/3/movie/2']));
    await node.jobs.close();
  });

  it('that takes a part of a list only is one, too: no line of it is joined to the next', async () => {
    const file = new JobStore(directory).list('a');
    const end = await file.append(0, ['/3/movie/1']);
    const handle = await open(join(directory, 'a.targets'), 'r');
    const write = vi.spyOn(Object.getPrototypeOf(handle), 'write');
    await handle.close();
    write.mockResolvedValueOnce({ bytesWritten: 5 });
    await expect(file.append(end, ['/3/movie/12'])).rejects.toMatchObject({ code: 'ENOSPC' });
    write.mockRestore();
    expect(await file.read(0, await file.append(end, ['/3/movie/12']))).toEqual([
      '/3/movie/1',
      '/3/movie/12',
    ]);
  });

  it('refuses a new list with what to do', async () => {
    const store = new FullStore(directory);
    store.on = true;
    const node = await startNode(directory, { store });
    const beginning = begin(node, paths(1));
    await expect(beginning).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('make room'),
    });
    expect(await node.jobs.status()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });
});

describe('lists that the node makes itself', () => {
  const choice = { kind: 'movie', top: 2, languages: [], appends: [], adult: false } as const;

  it('an export is read when its turn comes, and read again after a restart in between', async () => {
    let asked = 0;
    let give: (targets: string[]) => void = () => {};
    const exported = (_: unknown, signal: AbortSignal) => {
      asked++;
      return new Promise<string[]>((resolve, reject) => {
        give = resolve;
        signal.addEventListener('abort', () => reject(new Error('stopped')));
      });
    };
    const first = await startNode(directory, { exported });
    const { id } = await first.jobs.command({ kind: 'export', choice, concurrency: 8 });
    await eventually(() => expect(asked).toBe(1));
    await first.jobs.close();
    const second = await startNode(directory, { exported });
    await eventually(() => expect(asked).toBe(2));
    give(paths(2));
    await eventually(() => expect(second.warmer.inFlight).toEqual(paths(2)));
    expect(await jobOf(second, id)).toMatchObject({ total: 2, source: 'export movie, top 2' });
    await second.jobs.close();
  });

  it('an export that is not there fails the job with the reason', async () => {
    const exported = async () => {
      throw new ProxyError('not_found', 'there is no export of movie of 2026-01-31');
    };
    const node = await startNode(directory, { exported });
    const { id } = await node.jobs.command({ kind: 'export', choice, concurrency: 8 });
    await eventually(async () => expect((await jobOf(node, id)).status).toBe('failed'));
    expect((await jobOf(node, id)).last_error).toBe('there is no export of movie of 2026-01-31');
  });

  it('the hottest are keys', async () => {
    const hottest = async () => ['v1:api:/3/movie/1?language=de', 'v1:image:/t/p/w500/a.jpg accept=webp'];
    const node = await startNode(directory, { hottest });
    await node.jobs.command({ kind: 'hot', top: 10, concurrency: 8 });
    await eventually(() =>
      expect(node.warmer.inFlight).toEqual(['/3/movie/1?language=de', '/t/p/w500/a.jpg accept=webp']),
    );
    await node.jobs.close();
  });
});
