import { describe, expect, it, vi } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { adminApp, FakeManagement, warmJob } from './fakes.js';

const URL = 'http://localhost/cache/warm';

async function post(body: unknown, management = new FakeManagement()) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const response = await adminApp(management).request(URL, { method: 'POST', body: text });
  return { response, answer: (await response.json()) as Record<string, unknown>, management };
}

describe('POST /cache/warm', () => {
  it.each([
    [
      { urls: ['/3/movie/1'] },
      { kind: 'urls', urls: ['/3/movie/1'], last: true, source: 'urls', concurrency: 8 },
    ],
    [
      { urls: ['/3/movie/1'], last: false, source: 'my list', concurrency: 2 },
      { kind: 'urls', urls: ['/3/movie/1'], last: false, source: 'my list', concurrency: 2 },
    ],
    [
      { append_to: 'j1', urls: ['/3/movie/2'], last: false },
      { kind: 'append', id: 'j1', urls: ['/3/movie/2'], last: false },
    ],
    [{ append_to: 'j1' }, { kind: 'append', id: 'j1', urls: [], last: true }],
    [
      { export: { kind: 'movie', top: 10, languages: ['de', 'pt-BR'], appends: ['credits'] } },
      {
        kind: 'export',
        choice: { kind: 'movie', top: 10, languages: ['de', 'pt-BR'], appends: ['credits'], adult: false },
        concurrency: 8,
      },
    ],
    [
      { export: { kind: 'tv', date: '2026-01-31', adult: true } },
      {
        kind: 'export',
        choice: { kind: 'tv', top: 1000, languages: [], appends: [], adult: true, date: '2026-01-31' },
        concurrency: 8,
      },
    ],
    [{ hot: true }, { kind: 'hot', top: 1000, concurrency: 8 }],
    [{ hot: { top: 50 } }, { kind: 'hot', top: 50, concurrency: 8 }],
    [{ pause: 'j1' }, { kind: 'pause', id: 'j1' }],
    [{ resume: 'j1' }, { kind: 'resume', id: 'j1' }],
    [{ cancel: 'j1' }, { kind: 'cancel', id: 'j1' }],
  ])('%j is accepted, and answered with the job', async (body, command) => {
    const { response, answer, management } = await post(body);
    expect(response.status).toBe(202);
    expect(answer).toEqual(warmJob());
    expect(management.warmed).toEqual([command]);
  });

  it.each([
    ['not json', 'body'],
    ['', 'body'],
    [[], 'body'],
    [{}, 'body'],
    [{ hot: false }, 'body'],
    [{ urls: [] }, 'urls'],
    [{ urls: ['/3/movie/1'], hot: true }, 'body'],
    [{ pause: 'a', cancel: 'a' }, 'body'],
    [{ url: ['/3/movie/1'] }, 'url'],
    [{ urls: Array(5001).fill('/3/movie/1') }, 'urls'],
    [{ urls: ['/3/movie/1'], concurrency: 33 }, 'concurrency'],
    [{ cancel: '../../etc' }, 'cancel'],
    [{ export: { kind: 'film' } }, 'export.kind'],
    [{ export: { kind: 'movie', top: 0 } }, 'export.top'],
    [{ export: { kind: 'movie', top: 100_000, languages: Array(11).fill('de') } }, 'export.top'],
    [{ export: { kind: 'movie', languages: ['german'] } }, 'export.languages.0'],
    [{ export: { kind: 'movie', appends: Array(21).fill('credits') } }, 'export.appends'],
    [{ export: { kind: 'movie', appends: ['a&api_key=b'] } }, 'export.appends.0'],
    [{ export: { kind: 'movie', date: '2026-02-30' } }, 'export.date'],
    [{ export: { kind: 'movie', url: 'http://169.254.169.254/' } }, 'url'],
  ])('%j is a 400 that names what is wrong', async (body, name) => {
    const { response, answer, management } = await post(body);
    expect(response.status).toBe(400);
    const params = answer.invalid_params as { name: string; reason: string }[];
    expect(params.map((param) => param.name)).toContain(name);
    expect(management.warmed).toEqual([]);
  });

  it('a body larger than any part is a 413', async () => {
    const { response } = await post({ urls: Array(1000).fill('x'.repeat(5000)) });
    expect(response.status).toBe(413);
  });

  it.each(['conflict', 'not_found'] as const)('what the node refuses keeps its code: %s', async (code) => {
    const management = new FakeManagement();
    management.warm = () => Promise.reject(new ProxyError(code, 'no'));
    const { response, answer } = await post({ hot: true }, management);
    expect(response.status).toBe(code === 'conflict' ? 409 : 404);
    expect(answer).toMatchObject({ code });
  });
});

describe('GET /cache/warm', () => {
  it('tells all jobs, or one', async () => {
    const management = new FakeManagement();
    const asked: (string | undefined)[] = [];
    management.warmStatus = async (id?: string) => {
      asked.push(id);
      return [warmJob()];
    };
    const app = adminApp(management);
    expect(await (await app.request(URL)).json()).toMatchObject({ jobs: [warmJob()] });
    expect((await app.request(`${URL}?id=j1`)).status).toBe(200);
    expect((await app.request(`${URL}?job=j1`)).status).toBe(400);
    expect(asked).toEqual([undefined, 'j1']);
  });
});

describe('progress as server-sent events', () => {
  const events = { headers: { accept: 'text/event-stream' } };
  function following(rows: ReturnType<typeof warmJob>[]) {
    const management = new FakeManagement();
    let asked = 0;
    management.warmStatus = async () => [rows[Math.min(asked++, rows.length - 1)]!];
    return { management, asked: () => asked };
  }
  async function withTimers<T>(run: () => Promise<T>): Promise<T> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      return await run();
    } finally {
      vi.useRealTimers();
    }
  }
  const parsed = (text: string) =>
    text
      .split('\n\n')
      .filter(Boolean)
      .map((part) => {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/.exec(part)!;
        return { event, job: (JSON.parse(data!) as { jobs: { done: number; status: string }[] }).jobs[0]! };
      });

  it('come one a second until the job is over', async () => {
    const { management } = following([
      warmJob({ done: 1 }),
      warmJob({ done: 5 }),
      warmJob({ done: 10, status: 'done' }),
    ]);
    const text = await withTimers(async () => {
      const response = await adminApp(management).request(`${URL}?id=w1`, events);
      expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
      expect(response.headers.get('cache-control')).toBe('no-store');
      const reading = response.text();
      await vi.advanceTimersByTimeAsync(999);
      await vi.advanceTimersByTimeAsync(2001);
      return reading;
    });
    expect(parsed(text)).toEqual([
      { event: 'progress', job: warmJob({ done: 1 }) },
      { event: 'progress', job: warmJob({ done: 5 }) },
      { event: 'end', job: warmJob({ done: 10, status: 'done' }) },
    ]);
  });

  it('of a job that is over are one; of one that does not exist a 404', async () => {
    const { management } = following([warmJob({ status: 'cancelled' })]);
    const text = await (await adminApp(management).request(URL, events)).text();
    expect(parsed(text)).toEqual([{ event: 'end', job: warmJob({ status: 'cancelled' }) }]);
    management.warmStatus = () => Promise.reject(new ProxyError('not_found', 'no such job'));
    expect((await adminApp(management).request(`${URL}?id=zz`, events)).status).toBe(404);
  });

  it('end when the process drains, so that nobody who follows holds it up', async () => {
    let ready = true;
    const { management } = following([warmJob()]);
    await withTimers(async () => {
      const response = await adminApp(management, { ready: () => ready }).request(URL, events);
      const reading = response.text();
      await vi.advanceTimersByTimeAsync(3000);
      ready = false;
      await vi.advanceTimersByTimeAsync(1000);
      expect(parsed(await reading).map(({ event }) => event)).toEqual(Array(5).fill('progress'));
    });
  });

  it('the node is not asked any more once the client has gone', async () => {
    const { management, asked } = following([warmJob()]);
    await withTimers(async () => {
      const response = await adminApp(management).request(URL, events);
      const reader = response.body!.getReader();
      await reader.read();
      const next = reader.read();
      await vi.advanceTimersByTimeAsync(1000);
      await next;
      const before = asked();
      const waiting = reader.read();
      await vi.advanceTimersByTimeAsync(500);
      await reader.cancel();
      expect((await waiting).done).toBe(true);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(asked()).toBe(before);
    });
  });
});
