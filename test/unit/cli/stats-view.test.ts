import { describe, expect, it } from 'vitest';
import type { StatsAnswer } from '../../../src/admin/answers/stats.js';
import { type Look, statsView } from '../../../src/cli/stats-view.js';
import { draw, repeated } from '../../../src/cli/watch.js';
import { FakeManagement, NOW } from '../admin/fakes.js';

async function look(more: Partial<StatsAnswer> = {}): Promise<Look> {
  const management = new FakeManagement();
  const stats = { ...(await management.stats()), ...more };
  return { url: 'http://127.0.0.1:6635', stats, health: await management.health() };
}

const lineOf = (text: string, beginning: string) =>
  text
    .split('\n')
    .find((line) => line.startsWith(beginning))
    ?.replace(/ {2,}/g, ' | ');

describe('stats', () => {
  it('says where, how it is, and since when, in the first line', async () => {
    const text = statsView(await look());
    expect(text.split('\n')[0]).toBe('http://127.0.0.1:6635 is healthy: up 1 h, 2 workers, hit rate 80 %');
  });

  it('has a line for each tier, latency, upstream and part', async () => {
    const text = statsView(await look());
    expect(lineOf(text, 'since the start')).toBe('since the start | 10 | 6 | 2 | 2 | 0 | 0');
    expect(lineOf(text, 'memory ')).toMatch(/^memory \| 20 \| 9\.8 KiB of 195 KiB \| 60 \| 20 \| 75 %/);
    expect(lineOf(text, 'disk ')).toMatch(/^disk \| 10 \| 4\.9 KiB of 97\.7 KiB/);
    expect(lineOf(text, 'origin ')).toMatch(/^origin( \| [\d.]+ m?s){3}$/);
    expect(lineOf(text, 'https://api.themoviedb.org')).toBe(
      'https://api.themoviedb.org | healthy | 10 | 1 | 20 ms | 80 ms | 1',
    );
    expect(lineOf(text, 'bus ')).toBe('bus | off | not configured');
    for (const line of text.split('\n')) expect(line).not.toMatch(/\s$|undefined|NaN|\[object/);
  });

  it('has rates between two looks, and none across a restart', async () => {
    const before = await look();
    const at = (ms: number) => new Date(NOW + ms).toISOString();
    const requests = { total: 30, by_outcome: { hit: 26, stale: 2, miss: 2, bypass: 0, error: 0 } };
    const now = await look({ requests, timestamp: at(2000), uptime: before.stats.uptime + 2 });
    expect(lineOf(statsView(now, before), 'per second')).toBe(
      'per second | 10.0 | 10.0 | 0.0 | 0.0 | 0.0 | 0.0',
    );
    const restarted = await look({ timestamp: at(2000), uptime: 1 });
    expect(statsView(restarted, before)).not.toContain('per second');
    expect(statsView(now)).not.toContain('per second');
  });
});

describe('watching', () => {
  it('draws over what was there and leaves nothing of it', () => {
    const written: string[] = [];
    draw({ write: (text) => written.push(text) }, 'one\ntwo');
    expect(written.join('')).toBe('\u001b[Hone\u001b[K\ntwo\u001b[K\n\u001b[J');
  });

  it('looks until it is told to stop, and stops at once', async () => {
    const stop = new AbortController();
    let looks = 0;
    await repeated(
      async () => {
        if (++looks === 3) stop.abort();
      },
      1,
      stop.signal,
    );
    expect(looks).toBe(3);
    const later = new AbortController();
    const waiting = repeated(async () => void looks++, 3_600_000, later.signal);
    await Promise.resolve();
    later.abort();
    await waiting;
    expect(looks).toBe(4);
  });

  it('ends when a look fails', async () => {
    const failing = repeated(() => Promise.reject(new Error('away')), 1, new AbortController().signal);
    await expect(failing).rejects.toThrow('away');
  });
});
