import { Readable } from 'node:stream';
import { createGzip, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { type Downloaded, downloadedTargets } from '../../../src/warm/export-download.js';
import {
  type ExportChoice,
  exportDays,
  exportPath,
  exportTargets,
  kindOf,
} from '../../../src/warm/export-list.js';
import { exportIds } from '../../../src/warm/export-reader.js';
import { TopN } from '../../../src/warm/top-n.js';
import { bytesOf, gathered } from './sites.js';

const line = (id: number, popularity: number, adult = false) =>
  JSON.stringify({ adult, id, original_title: `Title ${id}`, popularity, video: false });
const choice: ExportChoice = { kind: 'movie', top: 10, languages: [], appends: [], adult: false };

describe('a daily export', () => {
  it('is read gzipped or not, in pieces cut anywhere', async () => {
    const text = `${line(1, 2.5)}\n\r\n${line(2, 3)}\r\n${line(3, 1, true)}`;
    const expected = [
      { id: 1, popularity: 2.5, adult: false },
      { id: 2, popularity: 3, adult: false },
      { id: 3, popularity: 1, adult: true },
    ];
    for (const whole of [Buffer.from(text), gzipSync(text)]) {
      const pieces = Array.from(whole, (_, i) => whole.subarray(i, i + 1));
      expect((await gathered(exportIds(bytesOf(...pieces)))).flat()).toEqual(expected);
    }
  });

  it('of collections has no popularity, which counts as none', async () => {
    expect((await gathered(exportIds(bytesOf('{"id":10,"name":"Star Wars"}\n')))).flat()).toEqual([
      { id: 10, popularity: 0, adult: false },
    ]);
  });

  it('a bad line is counted, a file that is no export refused', async () => {
    const tally = { bad: 0 };
    const lines = [
      line(1, 1),
      '{"id":',
      '[]',
      'null',
      '{"id":"7"}',
      '{"id":-7}',
      `{"${'x'.repeat(70_000)}":1}`,
      line(2, 1),
    ];
    const ids = await gathered(exportIds(bytesOf(lines.join('\n')), tally));
    expect(ids.flat().map(({ id }) => id)).toEqual([1, 2]);
    expect(tally.bad).toBe(6);
    const refused = /no daily id export/;
    await expect(gathered(exportIds(bytesOf('<html>\n<p>Not here</p>\n')))).rejects.toThrow(refused);
    await expect(gathered(exportIds(bytesOf('')))).rejects.toThrow(refused);
    await expect(gathered(exportIds(bytesOf('x\n'.repeat(200), line(1, 1))))).rejects.toThrow(refused);
  });

  it('a download that breaks off is an error, not a shorter list', async () => {
    const whole = gzipSync(Array.from({ length: 5000 }, (_, i) => line(i + 1, i)).join('\n'));
    await expect(gathered(exportIds(bytesOf(whole.subarray(0, whole.length / 2))))).rejects.toThrow();
  });

  it('whose source fails is an error, and whose reader leaves ends the source', async () => {
    let returned = false;
    async function* source(fails: boolean): AsyncIterable<Buffer> {
      try {
        yield gzipSync(Array.from({ length: 2000 }, (_, i) => line(i + 1, i)).join('\n')).subarray(0, 4000);
        if (fails) throw new Error('the connection broke');
        for (;;) yield Buffer.from(`${line(1, 1)}\n`);
      } finally {
        returned = true;
      }
    }
    await expect(gathered(exportIds(source(true)))).rejects.toThrow('the connection broke');
    returned = false;
    async function* plain(): AsyncIterable<Buffer> {
      try {
        for (;;) yield Buffer.from(`${line(1, 1)}\n`);
      } finally {
        returned = true;
      }
    }
    for await (const _ of exportIds(plain())) break;
    expect(returned).toBe(true);
  });

  it('a gzip of 100 MB passes through in constant memory', async () => {
    const block = Array.from({ length: 9000 }, (_, i) => line(i + 1, (i * 7919) % 1000)).join('\n');
    const blocks = Math.ceil((100 * 1024 * 1024) / block.length);
    let read = 0;
    async function* text(): AsyncIterable<Buffer> {
      for (let i = 0; i < blocks; i++) yield Buffer.from(`${block}\n`);
    }
    const top = new TopN<{ id: number; popularity: number }>(50);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    for await (const records of exportIds(Readable.from(text()).pipe(createGzip({ level: 1 })))) {
      for (const record of records) top.add(record);
      read += records.length;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    expect(read).toBe(9000 * blocks);
    expect(top.sorted()).toHaveLength(50);
    // A whole 100 MB in hand would show; what zlib and the collector keep for a while does not.
    expect(most).toBeLessThan(64 * 1024 * 1024);
  }, 120_000);
});

describe('the most popular', () => {
  it('top N by popularity, ties by id', () => {
    const all = Array.from({ length: 500 }, (_, i) => ({
      id: 1 + ((i * 37) % 500),
      popularity: (i * 37) % 7,
    }));
    const expected = [...all].sort((a, b) => b.popularity - a.popularity || a.id - b.id);
    for (const most of [0, 1, 2, 10, 499, 500, 600]) {
      const top = new TopN<{ id: number; popularity: number }>(most);
      for (const record of all) top.add(record);
      expect(top.sorted()).toEqual(expected.slice(0, most));
    }
  });

  it('are asked for in every language with what is to be appended, the most popular first', async () => {
    const bytes = () => bytesOf([line(1, 5), line(2, 9), line(3, 7, true)].join('\n'));
    expect([...(await exportTargets(bytes(), choice))]).toEqual(['/3/movie/2', '/3/movie/1']);
    const wanted = { ...choice, top: 1, languages: ['de', 'en-US'], appends: ['credits', 'images'] };
    expect([...(await exportTargets(bytes(), wanted))]).toEqual([
      '/3/movie/2?append_to_response=credits,images&language=de',
      '/3/movie/2?append_to_response=credits,images&language=en-US',
    ]);
    expect([...(await exportTargets(bytes(), { ...choice, kind: 'tv', adult: true, top: 2 }))]).toEqual([
      '/3/tv/2',
      '/3/tv/3',
    ]);
  });
});

describe('which export', () => {
  it('is today’s from 08:00 UTC on, else yesterday’s, and two days further back', () => {
    const days = (now: number, date?: string) =>
      exportDays(now, date).map((day) => exportPath('movie', day).slice(-22, -8));
    expect(days(Date.UTC(2026, 0, 2, 8))).toEqual(['ids_01_02_2026', 'ids_01_01_2026', 'ids_12_31_2025']);
    expect(days(Date.UTC(2026, 0, 2, 7, 59))[0]).toBe('ids_01_01_2026');
    expect(days(Date.UTC(2026, 5, 1), '2026-01-31')).toEqual(['ids_01_31_2026']);
    expect(exportPath('tv', Date.UTC(2026, 0, 2))).toBe('/p/exports/tv_series_ids_01_02_2026.json.gz');
  });

  it('a file’s name tells what its ids are of', () => {
    expect(kindOf('tv_series_ids_01_02_2026.json.gz')).toBe('tv');
    expect(kindOf('https://files.tmdb.org/p/exports/movie_ids_01_02_2026.json.gz')).toBe('movie');
    expect(kindOf('production_company_ids_01_02_2026.json')).toBe('company');
    expect(kindOf('ids.json.gz')).toBeUndefined();
  });
});

describe('fetching one', () => {
  const signal = new AbortController().signal;
  function host(answers: Record<string, number>) {
    const asked: string[] = [];
    let open = 0;
    const get = async (path: string): Promise<Downloaded> => {
      const day = path.slice(-18, -13);
      asked.push(day);
      open++;
      const body = bytesOf(`${line(1, 1)}\nbad\n`);
      return {
        status: answers[day] ?? 403,
        body,
        close: async () => {
          open--;
        },
      };
    };
    const bad: number[] = [];
    const parts = {
      get,
      now: () => Date.UTC(2026, 0, 31, 12),
      onBadLines: (count: number) => bad.push(count),
    };
    return { parts, asked, bad, open: () => open };
  }

  it('goes back to an older one while the host says 403, and leaves no connection behind', async () => {
    const { parts, asked, bad, open } = host({ '01_29': 200 });
    expect([...(await downloadedTargets(parts, choice, signal))]).toEqual(['/3/movie/1']);
    expect(asked).toEqual(['01_31', '01_30', '01_29']);
    expect(bad).toEqual([1]);
    expect(open()).toBe(0);
  });

  it('says which days have none, and does not take a fault of the host for that', async () => {
    const none = host({});
    const asking = downloadedTargets(none.parts, choice, signal);
    await expect(asking).rejects.toThrow('no export of movie of 2026-01-31, 2026-01-30, 2026-01-29');
    const ill = host({ '01_31': 502 });
    await expect(downloadedTargets(ill.parts, choice, signal)).rejects.toThrow('was answered with 502');
    expect(ill.asked).toEqual(['01_31']);
    expect(none.open() + ill.open()).toBe(0);
  });
});
