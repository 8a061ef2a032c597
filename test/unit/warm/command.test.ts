import { describe, expect, it } from 'vitest';
import { ProxyClientError } from '../../../src/cli/proxy-client.js';
import { WarmClient } from '../../../src/cli/warm/client.js';
import { Display } from '../../../src/cli/warm/display.js';
import { follow } from '../../../src/cli/warm/follow.js';
import { progressBar } from '../../../src/cli/warm/progress.js';
import { exportKind, listed } from '../../../src/cli/warm/sources.js';
import { upload } from '../../../src/cli/warm/upload.js';
import type { WarmJob } from '../../../src/warm/job.js';
import { bytesOf, gathered, tmdb } from './sites.js';

function job(more: Partial<WarmJob> = {}): WarmJob {
  return {
    id: 'j1',
    source: 'test',
    status: 'running',
    total: 200,
    done: 50,
    hits: 10,
    filled: 38,
    skipped: 0,
    errors: 2,
    rate: 12.5,
    left_s: 12,
    last_error: null,
    ...more,
  };
}

const never = new AbortController().signal;

describe('a list of addresses', () => {
  it('is read line by line without comments; what may not be shared is counted and goes nowhere', async () => {
    const omitted = { count: 0 };
    const text =
      '# mine\r\n/3/movie/1?api_key=SECRET\r\n\n  https://www.themoviedb.org/tv/2  \n/3/account\nnonsense here';
    expect(await gathered(listed(tmdb, bytesOf(text), omitted))).toEqual(['/3/movie/1', '/3/tv/2']);
    expect(omitted.count).toBe(2);
  });

  it('an export of unknown kind says what to add', () => {
    expect(exportKind('/tmp/tv_series_ids_01_02_2026.json.gz', undefined)).toBe('tv');
    expect(exportKind('ids.txt', 'person')).toBe('person');
    expect(() => exportKind('https://host/ids.txt', undefined)).toThrow('--kind');
    expect(() => exportKind('movies', undefined)).toThrow('"movies" is no kind (movie, tv, person,');
  });
});

describe('sending a list', () => {
  async function* many(count: number, length = 10): AsyncIterable<string> {
    for (let i = 0; i < count; i++) yield `/3/${String(i).padEnd(length, 'x')}`;
  }
  function recorder(failAt = Number.POSITIVE_INFINITY) {
    const bodies: { urls: string[]; last: boolean; append_to?: string }[] = [];
    const post = async (body: object) => {
      bodies.push(body as (typeof bodies)[number]);
      if (bodies.length === failAt) throw new ProxyClientError('no');
      return job();
    };
    return { bodies, post };
  }
  const options = { source: 'test', signal: never, onPart: () => {} };

  it('happens in parts that a proxy takes; only the last one says so', async () => {
    const client = recorder();
    await upload(client, { ...options, targets: many(12_001), concurrency: 4 });
    expect(client.bodies.map(({ urls }) => urls.length)).toEqual([5000, 5000, 2001]);
    expect(client.bodies.map(({ last }) => last)).toEqual([false, false, true]);
    expect(client.bodies[0]).toMatchObject({ source: 'test', concurrency: 4 });
    expect(client.bodies[2]).toMatchObject({ append_to: 'j1' });
    const long = recorder();
    await upload(long, { ...options, targets: many(400, 8000) });
    expect(long.bodies.length).toBeGreaterThan(2);
    for (const { urls } of long.bodies) expect(urls.join('').length).toBeLessThan(1.1 * 1024 * 1024);
    expect(long.bodies.flatMap(({ urls }) => urls)).toHaveLength(400);
  });

  it('of an empty list sends nothing', async () => {
    const client = recorder();
    expect(await upload(client, { ...options, targets: many(0) })).toBeUndefined();
    expect(client.bodies).toEqual([]);
  });

  it('that breaks off leaves a job that ends with what it has', async () => {
    async function* breaking(): AsyncIterable<string> {
      yield* many(5001);
      throw new Error('the file can not be read');
    }
    const client = recorder();
    await expect(upload(client, { ...options, targets: breaking() })).rejects.toThrow('can not be read');
    expect(client.bodies.at(-1)).toEqual({ urls: [], last: true, append_to: 'j1' });
  });
});

describe('asking for a job', () => {
  it('sends its id as it is, and reads the one row', async () => {
    const asked: string[] = [];
    const get = async (path: string) => {
      asked.push(path);
      return { jobs: [job()] };
    };
    const proxy = { get, post: async () => job() } as unknown as ConstructorParameters<typeof WarmClient>[0];
    expect(await new WarmClient(proxy).job('a&b')).toEqual(job());
    expect(asked).toEqual(['/cache/warm?id=a%26b']);
  });
});

describe('following a job', () => {
  it('goes on through a restart of the proxy and ends with the job', async () => {
    const answers = [
      job(),
      new ProxyClientError('away'),
      new ProxyClientError('starting', 503),
      job({ status: 'done' }),
    ];
    const client = {
      job: async () => {
        const next = answers.shift()!;
        if (next instanceof Error) throw next;
        return next;
      },
    };
    const seen: string[] = [];
    const last = await follow(client, job(), never, ({ status }) => seen.push(status));
    expect(last.status).toBe('done');
    expect(seen).toEqual(['running', 'done']);
  });

  it('ends when the proxy does not know the job, and when it is told to', async () => {
    const forgotten = { job: () => Promise.reject(new ProxyClientError('not found', 404)) };
    await expect(follow(forgotten, job(), never, () => {})).rejects.toThrow('not found');
    const stop = new AbortController();
    const asked: string[] = [];
    const client = {
      job: async (id: string) => {
        asked.push(id);
        stop.abort();
        return job();
      },
    };
    expect((await follow(client, job(), stop.signal, () => {})).status).toBe('running');
    expect(asked).toHaveLength(1);
    await follow(client, job({ status: 'paused' }), never, () => {});
    expect(asked).toHaveLength(1);
  });
});

describe('what people see', () => {
  function outputs(stdoutTty: boolean, stderrTty: boolean, json = false) {
    let now = 0;
    const text = { stdout: '', stderr: '' };
    const stream = (name: 'stdout' | 'stderr', isTTY: boolean) => ({
      isTTY,
      columns: 100,
      write: (more: string) => {
        text[name] += more;
      },
    });
    const display = new Display({
      stdout: stream('stdout', stdoutTty),
      stderr: stream('stderr', stderrTty),
      json,
      now: () => now,
    });
    return { display, text, pass: (ms: number) => (now += ms) };
  }

  it('on a terminal: one line that is drawn anew, with bar, done, rate, hits, errors and time left', () => {
    const { display, text } = outputs(true, true);
    display.show(job());
    display.show(job({ done: 100 }));
    expect(text.stderr.match(/\r/g)).toHaveLength(2);
    expect(text.stderr).not.toContain('\n');
    expect(text.stderr).toContain(
      '[######------------------]  25% 50/200, 12.5/s, 10 hits, 2 errors, 12 s left',
    );
    display.end(job({ status: 'done', done: 200 }));
    expect(text.stdout).toBe('done: 200 of 200 in 0 s: 38 filled, 10 fresh already, 0 skipped, 2 errors\n');
  });

  it('in a pipe: plain lines, one in five seconds or when the state changes', () => {
    const { display, text, pass } = outputs(false, false);
    display.show(job({ status: 'queued' }));
    display.show(job());
    for (let i = 0; i < 9; i++) {
      pass(1000);
      display.show(job());
    }
    expect(
      text.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(':')[0]),
    ).toEqual(['queued', 'running', 'running']);
    for (const control of ['\r', '\u001b']) expect(text.stdout + text.stderr).not.toContain(control);
  });

  it('with --json: one object and nothing else on standard output', () => {
    const { display, text, pass } = outputs(false, false, true);
    display.show(job());
    pass(1500);
    display.end(job({ status: 'done' }));
    expect(JSON.parse(text.stdout)).toEqual({ ...job({ status: 'done' }), took_ms: 1500 });
    expect(text.stderr).toBe('');
  });

  it('a bar fits into its terminal, and an empty or finished list has one', () => {
    expect(progressBar(job(), 40).length).toBeLessThan(40);
    expect(progressBar(job({ total: 0, done: 0 }), 100)).toContain('  0%');
    expect(progressBar(job({ total: 7, done: 7 }), 100)).toContain('100%');
  });
});
