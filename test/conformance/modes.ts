export type TierName = 'memory' | 'disk' | 'redis';

/** One way to run the proxy under the suite. */
export interface Mode {
  readonly name: string;
  readonly what: string;
  /** Beside UPSTREAM_TYPE and UPSTREAM_SERVERS, which every mode has. */
  readonly env: Readonly<Record<string, string>>;
  readonly redis: boolean;
  /** The tier whose hits the run is about: it must have some. */
  readonly tier: TierName;
}

/** Less than any entry costs: L1 refuses each one (`tiers/memory.ts`), and does so by the code of a full cache, not by a switch. */
const NO_MEMORY = { MEMORY_CACHE_BYTES: '1' };

export const MODES: readonly Mode[] = [
  {
    name: 'memory',
    what: 'default configuration, one worker',
    env: { WORKERS: '1' },
    redis: false,
    tier: 'memory',
  },
  {
    name: 'disk',
    what: 'MEMORY_CACHE_BYTES=1, so that every hit comes from the disk store',
    env: { WORKERS: '1', ...NO_MEMORY },
    redis: false,
    tier: 'disk',
  },
  {
    name: 'redis',
    what: 'MEMORY_CACHE_BYTES=1, so that every hit comes from Redis',
    env: { WORKERS: '1', USE_REDIS: 'true', ...NO_MEMORY },
    redis: true,
    tier: 'redis',
  },
  {
    name: 'workers',
    what: 'default configuration, WORKERS=2',
    env: { WORKERS: '2' },
    redis: false,
    tier: 'memory',
  },
  {
    name: 'node-http',
    what: 'FAST_PATH=false: hits are answered by node:http instead of on the socket',
    env: { WORKERS: '1', FAST_PATH: 'false' },
    redis: false,
    tier: 'memory',
  },
];

/** The modes that the arguments name: `--mode <name>`, all of them without. Undefined for anything else. */
export function chosenModes(args: readonly string[]): readonly Mode[] | undefined {
  if (args.length === 0) return MODES;
  const [flag, name, ...rest] = args;
  if (flag !== '--mode' || rest.length > 0) return undefined;
  if (name === 'all') return MODES;
  const mode = MODES.find((candidate) => candidate.name === name);
  return mode && [mode];
}

/**
 * What the proxy's own metrics say against a run having gone through the tier it is about: no hit there, or, where L1 is to
 * hold nothing, an entry or a hit in memory.
 */
export function tierComplaints(mode: Mode, metrics: string): string[] {
  const complaints = [];
  const read = (name: string, tier: TierName) => sampleOf(metrics, `tmdb_proxy_tier_${name}`, tier);
  if (read('hits_total', mode.tier) === 0)
    complaints.push(`${mode.name}: no request was answered from ${mode.tier}`);
  if (mode.tier !== 'memory')
    for (const name of ['writes_total', 'hits_total', 'entries'])
      if (read(name, 'memory') !== 0) complaints.push(`${mode.name}: L1 was used (${name})`);
  return complaints;
}

function sampleOf(metrics: string, name: string, tier: TierName): number {
  const sample = new RegExp(`^${name}\\{(?:[^}]*,)?tier="${tier}"[^}]*\\} (\\S+)$`, 'm').exec(metrics);
  if (sample === null) throw new Error(`the metrics have no ${name} of ${tier}`);
  return Number(sample[1]);
}
