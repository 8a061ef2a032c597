import { describe, expect, it } from 'vitest';
import { type ManagementOptions, managementApp } from '../../../src/management-app.js';
import type { ManagementApp } from '../../../src/server/app.js';

const request = () => new Request('http://proxy/cache/purge', { method: 'POST' });

function kit(loads: (() => Promise<ManagementApp>)[]) {
  const faults: unknown[][] = [];
  const options = {
    ready: () => true,
    onFault: (...fault: unknown[]) => void faults.push(fault),
  } as unknown as ManagementOptions;
  const app = managementApp(options, () => loads.shift()!());
  return { app, faults };
}

const works = async (): Promise<ManagementApp> => ({ fetch: () => new Response('managed') });
const broken = () => Promise.reject(new Error('no such file: part-app.js'));

describe('management that can not be loaded', () => {
  it('is a fault of this node, told and logged, not a mistake of the client; the next request tries again', async () => {
    const { app, faults } = kit([broken, works]);
    const first = await app.fetch(request(), {} as never);
    expect(first.status).toBe(500);
    expect(await first.json()).toMatchObject({ code: 'internal' });
    expect(faults).toEqual([
      [expect.objectContaining({ message: expect.stringContaining('part-app') }), '/cache/purge'],
    ]);
    expect(await (await app.fetch(request(), {} as never)).text()).toBe('managed');
  });

  it('has been loaded by `preload`, whatever becomes of its files', async () => {
    const { app } = kit([works, broken]);
    await app.preload!();
    expect((await app.fetch(request(), {} as never)).status).toBe(200);
  });
});
