import cluster from 'node:cluster';
import { afterEach, expect, it } from 'vitest';
import { Supervisor, type WorkerLink } from '../../../src/cluster/supervisor.js';
import { FakeClock } from '../../support/fake-clock.js';

const { execPath } = process;
afterEach(() => {
  process.execPath = execPath;
});

it('nothing is kept of a worker that could not be started, and another is started by the clock', async () => {
  process.execPath = '/no/such/program';
  const clock = new FakeClock();
  const links: WorkerLink[] = [];
  let tell!: (description: string) => void;
  const died = () => new Promise<string>((resolve) => (tell = resolve));
  const supervisor = new Supervisor({
    workers: 1,
    clock,
    handlers: (link) => {
      links.push(link);
      return {};
    },
    onExit: (_worker, description) => tell(description),
    onCrashLoop: () => {},
  });
  const first = died();
  supervisor.start();
  expect(await first).toContain('no start');
  expect(Object.keys(cluster.workers ?? {})).toEqual([]);
  await expect(links[0]!.rpc.call('report', [], 100)).rejects.toThrow('has gone');
  const second = died();
  clock.advance(100);
  expect(await second).toContain('no start');
  expect(links).toHaveLength(2);
  supervisor.killAll();
});
