import { Agent, request } from 'undici';

export interface LoadOptions {
  readonly urls: readonly string[];
  /** Clients that each ask, read, think and ask again. */
  readonly clients: number;
  /** Mean pause between an answer and the next request, ms. */
  readonly thinkMs: number;
  /** Path of the next request. */
  readonly next: () => string;
}

export interface LoadResult {
  readonly requests: number;
  /** What was not a 2xx, by what it was, at most ten of them. */
  readonly errors: readonly string[];
  readonly errorCount: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  readonly by_cache: Readonly<Record<string, number>>;
  /** The ten slowest: ms, path, what the proxy said of it. */
  readonly slowest: readonly string[];
}

export interface Load {
  stop(): Promise<LoadResult>;
  /** Goes on for so long, ms, then stops. */
  forMs(ms: number): Promise<LoadResult>;
}

/** Clients that go on until `stop`; each stays with one of the nodes, as behind a load balancer with few connections. */
export function startLoad({ urls, clients, thinkMs, next }: LoadOptions): Load {
  const agent = new Agent({
    connections: clients,
    pipelining: 1,
    headersTimeout: 30_000,
    bodyTimeout: 30_000,
  });
  const latencies: number[] = [];
  const errors: string[] = [];
  const byCache: Record<string, number> = {};
  const slow: { ms: number; what: string }[] = [];
  let errorCount = 0;
  let stopped = false;
  const fail = (text: string) => {
    errorCount++;
    if (errors.length < 10) errors.push(text);
  };
  const client = async (number: number) => {
    const url = urls[number % urls.length]!;
    while (!stopped) {
      const path = next();
      const began = performance.now();
      let said = '';
      try {
        const response = await request(`${url}${path}`, { dispatcher: agent });
        const text = response.statusCode === 200 ? await response.body.dump() : await response.body.text();
        const cache = String(response.headers['x-cache'] ?? 'none');
        said = String(response.headers['cache-status']);
        byCache[cache] = (byCache[cache] ?? 0) + 1;
        if (response.statusCode !== 200)
          fail(`${path}: ${response.statusCode} ${String(text).slice(0, 200)}`);
      } catch (error) {
        fail(`${path}: ${String(error)}`);
      }
      const ms = performance.now() - began;
      latencies.push(ms);
      if (slow.length < 10 || ms > slow[9]!.ms) {
        slow.push({ ms, what: `${path}: ${said}` });
        slow.sort((a, b) => b.ms - a.ms);
        slow.length = Math.min(10, slow.length);
      }
      await new Promise((resolve) => setTimeout(resolve, thinkMs * (0.5 + Math.random())));
    }
  };
  const running = Array.from({ length: clients }, (_, number) => client(number));
  const stop = async (): Promise<LoadResult> => {
    stopped = true;
    await Promise.all(running);
    await agent.close();
    latencies.sort((a, b) => a - b);
    const quantile = (q: number) =>
      Math.round((latencies[Math.floor(q * (latencies.length - 1))] ?? 0) * 10) / 10;
    return {
      requests: latencies.length,
      errors,
      errorCount,
      p50_ms: quantile(0.5),
      p99_ms: quantile(0.99),
      max_ms: quantile(1),
      by_cache: byCache,
      slowest: slow.map(({ ms, what }) => `${Math.round(ms)} ms ${what}`),
    };
  };
  const forMs = async (ms: number) => {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return stop();
  };
  return { stop, forMs };
}

/** What a process does for the first time takes it ten times as long; scenarios look at what comes after. */
export async function warmUp(urls: readonly string[]): Promise<void> {
  let n = 0;
  await startLoad({ urls, clients: 12, thinkMs: 20, next: () => `/3/movie/551?warm=${n++ % 200}` }).forMs(
    3000,
  );
}

/** Numbers from 0 to `count - 1`, number k about 1/(k+1) as often as number 0. */
export function zipf(count: number, random: () => number): () => number {
  const cumulated: number[] = [];
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += 1 / (i + 1);
    cumulated.push(sum);
  }
  return () => {
    const wanted = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulated[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Repeatable randomness for a load (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The busiest window of `windowMs` among times in ms. */
export function busiest(times: readonly number[], windowMs: number): number {
  let most = 0;
  let from = 0;
  for (let to = 0; to < times.length; to++) {
    while (times[to]! - times[from]! >= windowMs) from++;
    most = Math.max(most, to - from + 1);
  }
  return most;
}
