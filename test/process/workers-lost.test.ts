import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { readExposition } from '../support/exposition.js';
import { childrenOf } from '../support/processes.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';

let origin: SampleOrigin;
let proxy: ProxyProcess;
beforeAll(async () => {
  origin = await startSampleOrigin({});
  proxy = await startProxy({ env: pointedAt(origin.url, { WORKERS: '2' }) });
});
afterAll(async () => {
  await proxy.stop();
  await origin.close();
});

const ASKED = 20;
const workers = () => childrenOf(proxy.pid);

/** From whichever worker answers: a stopped one keeps connections. */
async function ask(path: string): Promise<string> {
  for (;;) {
    const signal = AbortSignal.timeout(6000);
    const headers = { connection: 'close' };
    const answer = await fetch(proxy.url + path, { headers, signal }).then(
      (response) => response.text(),
      () => undefined,
    );
    if (answer !== undefined) return answer;
  }
}

const counted = async () => {
  const { samples } = readExposition(await ask('/metrics'));
  const of = (name: string, state?: string) =>
    samples
      .filter((sample) => sample.name === name && (state === undefined || sample.labels.state === state))
      .reduce((sum, { value }) => sum + Number(value), 0);
  const stats = JSON.parse(await ask('/stats')) as { requests: { total: number } };
  return {
    requests: of('tmdb_proxy_requests_total'),
    observed: of('tmdb_proxy_request_duration_seconds_count'),
    stats: stats.requests.total,
    serving: of('tmdb_proxy_workers', 'serving'),
  };
};
const ALL = { requests: ASKED, observed: ASKED, stats: ASKED };

it.runIf(process.platform === 'linux')(
  'no counter goes back when a worker is killed or hangs, and one that hangs is replaced',
  async () => {
    for (let i = 0; i < ASKED; i++) await ask(`/3/movie/${550 + (i % 3)}`);
    await vi.waitFor(async () => expect(await counted()).toMatchObject(ALL), 20_000);

    const seen: object[] = [];
    const replaced = (pid: number) =>
      vi.waitFor(
        async () => {
          const { serving, ...counts } = await counted();
          seen.push(counts);
          expect([serving, workers().length, workers().includes(pid)]).toEqual([2, 2, false]);
        },
        { timeout: 60_000, interval: 100 },
      );

    const [killed] = workers();
    process.kill(killed!, 'SIGKILL');
    await replaced(killed!);
    const [stopped] = workers();
    process.kill(stopped!, 'SIGSTOP');
    await replaced(stopped!);
    expect(proxy.output()).toContain('worker is ended: it did not answer');
    // Each reading, also those between: a rate takes a counter that goes back for one that began again.
    for (const counts of seen) expect(counts).toEqual(ALL);
  },
  180_000,
);
