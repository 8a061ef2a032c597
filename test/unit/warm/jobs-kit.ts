import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { vi } from 'vitest';
import type { WarmJob } from '../../../src/warm/job.js';
import { JobStore } from '../../../src/warm/job-store.js';
import { type WarmEvent, WarmJobs, type WarmJobsParts } from '../../../src/warm/jobs.js';
import { stopped } from '../../../src/warm/pause.js';
import type { Warmed } from '../../../src/warm/warmer.js';
import { FakeClock } from '../../support/fake-clock.js';
import { tmdb } from './sites.js';

/** Targets that are being warmed up, answered by the test. */
export class ScriptedWarmer {
  waitingFor: string | undefined;
  readonly asked: string[] = [];
  /** What every target comes to at once; undefined: it waits for `answer`. */
  always: Warmed | undefined;
  readonly #open = new Map<string, (warmed: Warmed) => void>();

  warm(target: string, signal: AbortSignal): Promise<Warmed> {
    this.asked.push(target);
    if (this.always !== undefined) return Promise.resolve(this.always);
    return new Promise((resolve, reject) => {
      if (signal.aborted) reject(stopped());
      this.#open.set(target, resolve);
      signal.addEventListener('abort', () => {
        this.#open.delete(target);
        reject(stopped());
      });
    });
  }

  get inFlight(): string[] {
    return [...this.#open.keys()];
  }

  answer(target: string, warmed: Warmed = { result: 'filled' }): void {
    const resolve = this.#open.get(target);
    if (resolve === undefined) throw new Error(`${target} is not in flight`);
    this.#open.delete(target);
    resolve(warmed);
  }
}

export interface Node {
  readonly jobs: WarmJobs;
  readonly warmer: ScriptedWarmer;
  readonly clock: FakeClock;
  readonly events: WarmEvent[];
  readonly directory: string;
}

/** A node's jobs over a directory that outlives it, so that another one can take them up. */
export async function startNode(
  directory: string,
  overrides: Partial<WarmJobsParts> & { clock?: FakeClock } = {},
): Promise<Node> {
  const clock = overrides.clock ?? new FakeClock();
  const warmer = new ScriptedWarmer();
  const events: WarmEvent[] = [];
  const jobs = new WarmJobs({
    store: new JobStore(directory),
    site: tmdb,
    warmer,
    newId: ids(),
    obstacle: undefined,
    exported: async () => {
      throw new Error('no exports here');
    },
    hottest: async () => [],
    onEvent: (event) => events.push(event),
    ...overrides,
    clock,
  });
  await jobs.start();
  return { jobs, warmer, clock, events, directory };
}

let made = 0;
function ids(): () => string {
  return () => `j${++made}`;
}

/** Removed while a job may still write the line that it has begun. */
export function temporaryDirectory(): { path: string; remove: () => Promise<void> } {
  const path = mkdtempSync(join(tmpdir(), 'warm-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 20 }) };
}

/** Begins a job of these paths. */
export function begin(
  node: Node,
  urls: readonly string[],
  more: { last?: boolean; concurrency?: number } = {},
) {
  const { last = true, concurrency = 8 } = more;
  return node.jobs.command({ kind: 'urls', urls, last, source: 'test', concurrency });
}

export async function jobOf(node: Node, id: string): Promise<WarmJob> {
  return (await node.jobs.status(id))[0]!;
}

/** Waits for the file system, which no clock steps. */
export function eventually(check: () => void | Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: 5000, interval: 5 });
}

export const paths = (count: number, from = 1) =>
  Array.from({ length: count }, (_, i) => `/3/movie/${i + from}`);
