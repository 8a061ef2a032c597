import { vi } from 'vitest';
import type { WarmJob } from '../../src/warm/job.js';
import { type Got, get, json } from '../support/raw-client.js';

export const movies = (count: number, from = 1) =>
  Array.from({ length: count }, (_, i) => `/3/movie/${i + from}`);

/** `POST /cache/warm` of the proxy at `url`; these proxies have no admin key. */
export function post(url: string, body: object): Promise<Got> {
  return get(`${url}/cache/warm`, { method: 'POST', body: JSON.stringify(body) });
}

export async function begin(url: string, body: object): Promise<WarmJob> {
  const got = await post(url, body);
  if (got.status !== 202) throw new Error(`${got.status} ${got.body}`);
  return json(got) as unknown as WarmJob;
}

export async function jobOf(url: string, id: string): Promise<WarmJob> {
  const { jobs } = json(await get(`${url}/cache/warm?id=${id}`)) as unknown as { jobs: WarmJob[] };
  return jobs[0]!;
}

/** Resolves with the job once it is over; rejects when that takes more than `ms`. */
export async function over(url: string, id: string, ms = 20_000): Promise<WarmJob> {
  return vi.waitFor(
    async () => {
      const job = await jobOf(url, id);
      if (!['done', 'failed', 'cancelled'].includes(job.status)) throw new Error(JSON.stringify(job));
      return job;
    },
    { timeout: ms, interval: 50 },
  );
}
