import { describe, expect, it } from 'vitest';
import { chosenModes, MODES, tierComplaints } from '../../conformance/modes.js';

const names = (...args: string[]) => chosenModes(args)?.map(({ name }) => name);
const mode = (name: string) => MODES.find((candidate) => candidate.name === name)!;

/** Metrics as /metrics prints them. */
function metrics(tiers: Record<string, { hits?: number; writes?: number; entries?: number }>): string {
  return Object.entries(tiers)
    .flatMap(([tier, { hits = 0, writes = 0, entries = 0 }]) => [
      `tmdb_proxy_tier_entries{tier="${tier}"} ${entries}`,
      `tmdb_proxy_tier_hits_total{tier="${tier}"} ${hits}`,
      `tmdb_proxy_tier_writes_total{tier="${tier}"} ${writes}`,
    ])
    .join('\n');
}

describe('--mode', () => {
  it('names one; all of them without it', () => {
    expect(names('--mode', 'disk')).toEqual(['disk']);
    expect(names('--mode', 'all')).toEqual(['memory', 'disk', 'redis', 'workers', 'node-http']);
    expect(names()).toEqual(names('--mode', 'all'));
  });

  it.each([[['--mode']], [['--mode', 'dsik']], [['disk']], [['--mode', 'disk', 'redis']]])(
    '%j is refused, not read as something else',
    (args) => expect(chosenModes(args)).toBeUndefined(),
  );
});

describe('a run went through the tier it is about', () => {
  it('when that tier has hits, and memory was not used where it is to hold nothing', () => {
    expect(
      tierComplaints(mode('memory'), metrics({ memory: { hits: 90, writes: 200, entries: 9 } })),
    ).toEqual([]);
    expect(tierComplaints(mode('disk'), metrics({ memory: {}, disk: { hits: 90 } }))).toEqual([]);
    expect(tierComplaints(mode('redis'), metrics({ memory: {}, redis: { hits: 90 } }))).toEqual([]);
  });

  it('else it is no proof, and says so', () => {
    expect(tierComplaints(mode('workers'), metrics({ memory: {} }))).toEqual([
      'workers: no request was answered from memory',
    ]);
    expect(
      tierComplaints(mode('redis'), metrics({ memory: { hits: 1, writes: 2, entries: 1 }, redis: {} })),
    ).toEqual([
      'redis: no request was answered from redis',
      'redis: L1 was used (writes_total)',
      'redis: L1 was used (hits_total)',
      'redis: L1 was used (entries)',
    ]);
  });

  it('metrics without the tier are an error: they would otherwise prove anything', () => {
    expect(() => tierComplaints(mode('redis'), metrics({ memory: {} }))).toThrow(
      'tmdb_proxy_tier_hits_total of redis',
    );
  });
});
