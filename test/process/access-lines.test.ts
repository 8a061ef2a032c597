import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type SampleOrigin, startSampleOrigin } from '../../src/demo/index.js';
import { field } from '../../src/http/headers.js';
import { eventually } from '../support/patience.js';
import { type ProxyProcess, pointedAt, startProxy } from '../support/proxy-process.js';
import { get } from '../support/raw-client.js';

const TRACE = (n: number) => n.toString(16).padStart(32, 'a');
const PARENT = '00f067aa0ba902b7';
const traced = (n: number, more: Record<string, string> = {}) => ({
  traceparent: `00-${TRACE(n)}-${PARENT}-01`,
  tracestate: 'vendor=state',
  ...more,
});

let origin: SampleOrigin;
beforeAll(async () => {
  origin = await startSampleOrigin({});
});
afterAll(() => origin.close());

interface Line {
  request_id: string;
  trace_id?: string;
  span_id?: string;
  parent_span_id?: string;
  path: string;
  status: number;
  result?: string;
  tier?: string;
  class?: string;
  forward?: string;
  forward_status?: number;
  age?: number;
  bytes: number;
  ms: number;
  phases?: Record<string, number>;
  collapsed?: boolean;
}

describe.each([1, 2])('access lines, with WORKERS=%i', (workers) => {
  let proxy: ProxyProcess;
  beforeAll(async () => {
    proxy = await startProxy({
      env: pointedAt(origin.url, { WORKERS: String(workers), LOG_HITS: '100000' }),
    });
  });
  afterAll(async () => {
    expect(await proxy.stop()).toEqual({ code: 0, signal: null });
  });
  beforeEach(() => origin.requests.reset());

  /** The access line of a request, once it is written. */
  const lineOf = (requestId: unknown) =>
    eventually(() => {
      const line = proxy
        .output()
        .split('\n')
        .find((text) => text.includes(`"request_id":"${requestId}"`) && text.includes('"msg":"request"'));
      return JSON.parse(line!) as Line;
    });
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const { headers: answered } = await get(proxy.url + path, { headers, method });
    return { answered, line: await lineOf(answered['x-request-id']) };
  };
  const seen = () => origin.requests.last()!.headers;

  it('say what was asked, what came of it and where the time went', async () => {
    const miss = await ask('/3/movie/550?language=de');
    expect(miss.line).toMatchObject({ result: 'miss', tier: 'origin', class: 'detail', forward: 'uri-miss' });
    expect(miss.line).toMatchObject({ forward_status: 200, status: 200, path: '/3/movie/550?language=de' });
    expect(Object.keys(miss.line.phases!).sort()).toEqual(['budget', 'head', 'l2', 'origin']);
    expect(miss.line.age).toBeGreaterThanOrEqual(0);
    expect(miss.line.phases!.origin).toBeLessThanOrEqual(miss.line.phases!.head!);
    expect(miss.line.phases!.head).toBeLessThanOrEqual(miss.line.ms);
    const { line } = await ask('/3/movie/550?language=de');
    expect(line.result).toBe('hit');
    expect(line.bytes).toBeGreaterThan(100);
    expect(line.trace_id).toBeUndefined();
    const failed = origin.faults.add({ kind: 'reset', match: '/3/movie/13' });
    const error = await ask('/3/movie/13');
    failed.remove();
    expect(error.line).toMatchObject({ result: 'error', status: 502, tier: 'none' });
    expect(error.line.phases).toMatchObject({ origin: expect.any(Number) });
  });

  it('a trace is logged and goes on to the origin with a parent of ours, on a fill with nothing else of the client’s', async () => {
    const { line } = await ask('/3/movie/551', traced(1, { 'x-request-id': 'client-1', 'x-more': 'client' }));
    expect(line).toMatchObject({ request_id: 'client-1', trace_id: TRACE(1), parent_span_id: PARENT });
    expect(field(seen(), 'traceparent')).toBe(`00-${TRACE(1)}-${line.span_id}-01`);
    expect(seen().join(' ')).not.toMatch(/client|tracestate|vendor/);
  });

  it('a hit is logged with its trace and answered with its id; neither is in a key, nor in what is stored', async () => {
    await ask('/3/movie/552', traced(2));
    const ids = ['of-the-client', 'x'.repeat(128), '0b56b1d0-0000-4000-8000-1234567890ab'];
    for (const [i, id] of ids.entries()) {
      const { answered, line } = await ask('/3/movie/552', traced(10 + i, { 'x-request-id': id }));
      expect(answered['x-request-id']).toBe(id);
      expect(line).toMatchObject({ result: 'hit', trace_id: TRACE(10 + i), parent_span_id: PARENT });
    }
    for (const bad of ['no id', 'x'.repeat(129), '"'])
      expect((await ask('/3/movie/552', { 'x-request-id': bad })).answered['x-request-id']).toMatch(
        /^[0-9a-f-]{36}$/,
      );
    expect(origin.requests.countOf('/3/movie/552')).toBe(1);
    const listed = await get(`${proxy.url}/cache/keys?limit=1000`);
    const entry = await get(`${proxy.url}/cache/entry?key=${encodeURIComponent('v1:api:/3/movie/552')}`);
    expect(entry.status).toBe(200);
    for (const { body } of [listed, entry]) expect(body.toString()).not.toMatch(/aaaaaaaa|traceparent/);
  });

  it('one request to the origin has the trace of who led; who waited says so', async () => {
    origin.faults.gate('held', { match: '/3/tv/1399' });
    const first = get(`${proxy.url}/3/tv/1399`, { headers: traced(20, { 'x-request-id': 'leads' }) });
    await origin.faults.arrived('held');
    const others = [21, 22, 23].map((n) =>
      get(`${proxy.url}/3/tv/1399`, { headers: traced(n, { 'x-request-id': `waits-${n}` }) }),
    );
    // They have come once a later request of each connection's kind is answered; the gate holds until then.
    await ask('/3/movie/552');
    origin.faults.release('held');
    await Promise.all([first, ...others]);
    expect(origin.requests.countOf('/3/tv/1399')).toBe(1);
    const leader = await lineOf('leads');
    const asked = origin.requests.all().find(({ target }) => target.startsWith('/3/tv/1399'))!;
    expect(field(asked.headers, 'traceparent')).toBe(`00-${TRACE(20)}-${leader.span_id}-01`);
    for (const n of [21, 22, 23]) {
      const line = await lineOf(`waits-${n}`);
      expect(line).toMatchObject({ trace_id: TRACE(n) });
      if (line.collapsed === true) expect(line.phases).toMatchObject({ wait: expect.any(Number) });
    }
  });

  it('what is passed through goes on with the id and the trace, and without a broken one', async () => {
    const { line } = await ask('/3/account?session_id=s1', traced(30, { 'x-request-id': 'passed-1' }));
    expect(line).toMatchObject({ result: 'bypass', trace_id: TRACE(30) });
    expect(field(seen(), 'x-request-id')).toBe('passed-1');
    expect(field(seen(), 'traceparent')).toBe(`00-${TRACE(30)}-${line.span_id}-01`);
    expect(field(seen(), 'tracestate')).toBe('vendor=state');
    const made = await ask('/3/account?session_id=s1', { traceparent: 'broken', tracestate: 'a=1' });
    expect(field(seen(), 'x-request-id')).toBe(made.answered['x-request-id']);
    expect(field(seen(), 'traceparent')).toBeUndefined();
    expect(field(seen(), 'tracestate')).toBeUndefined();
  });
});
