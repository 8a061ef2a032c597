import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../../../src/cache/engine.js';
import { withoutOwn } from '../../../src/server/plain-request.js';
import { answerOf, bodyOf, entryOf, get, MISS, PASS, start } from './helpers.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const TRACEPARENT = `traceparent: 00-${TRACE}-${PARENT}-01`;

describe('a request that is part of a trace', () => {
  const contexts: RequestContext[] = [];
  const served = (outcome = MISS) =>
    start((context) => {
      contexts.push(context);
      return answerOf(entryOf('{}'), outcome);
    });

  it('is told to the log and to the origin as a span of its own', async () => {
    const { port, records } = await served();
    await get(port, '/3/movie/1', TRACEPARENT, 'tracestate: a=1');
    const { span } = records[0]!;
    expect(span).toMatchObject({ traceId: TRACE, parentId: PARENT });
    expect(span?.spanId).toMatch(/^[0-9a-f]{16}$/);
    expect(span?.spanId).not.toBe(PARENT);
    expect(contexts.at(-1)?.trace).toEqual([
      'traceparent',
      `00-${TRACE}-${span?.spanId}-01`,
      'tracestate',
      'a=1',
    ]);
  });

  it('on a fill, which is everybody’s, the origin sees the trace and no text of the client’s', async () => {
    const { port, records } = await served();
    await get(port, '/3/movie/1', TRACEPARENT, 'tracestate: a=1');
    expect(contexts.at(-1)?.fillTrace).toEqual(['traceparent', `00-${TRACE}-${records[0]?.span?.spanId}-01`]);
  });

  it.each([[], ['traceparent: garbage', 'tracestate: a=1'], [TRACEPARENT, TRACEPARENT]])(
    '%s: none is begun here',
    async (...lines) => {
      const { port, records } = await served();
      await get(port, '/3/movie/1', ...lines);
      expect(records[0]?.span).toBeUndefined();
      expect(contexts.at(-1)?.trace).toBeUndefined();
    },
  );
});

describe('phases of a request', () => {
  it('are told as far as it went through them, those gone through twice added up', async () => {
    const { port, records } = await start((context) => {
      for (const [phase, ms] of [
        ['l2', 1],
        ['budget', 5],
        ['origin', 40],
        ['origin', 30],
      ] as const)
        context.onPhase?.(phase, ms);
      return answerOf(entryOf('{}'), MISS);
    });
    await get(port, '/3/movie/1');
    expect(records[0]?.phases).toEqual({ l2: 1, budget: 5, origin: 70, head: 0 });
    expect(records[0]?.age).toBe(62);
  });

  it('of what is not stored there is no age, of a hit in memory there are none', async () => {
    const raw = await start(() => ({
      kind: 'raw',
      share: false,
      head: { status: 200, statusText: 'OK', headers: [] },
      body: bodyOf('x'),
      outcome: PASS,
    }));
    await get(raw.port, '/3/account/1');
    expect(raw.records[0]).toMatchObject({ age: undefined, phases: undefined });
    const hit = await start(() => answerOf(entryOf('{}')));
    await get(hit.port, '/3/movie/1');
    expect(hit.records[0]).toMatchObject({ age: 62, phases: undefined });
  });
});

describe('fields of one request alone, for the fast path', () => {
  const cut = (...lines: string[]) => withoutOwn(`${lines.join('\r\n')}\r\n\r\n`);

  it('are taken out, and the others are as they were', () => {
    expect(cut('Host: a', TRACEPARENT, 'X-Request-Id: x', 'Accept: */*', 'TraceState:a=1')).toEqual({
      own: ['traceparent', `00-${TRACE}-${PARENT}-01`, 'x-request-id', 'x', 'tracestate', 'a=1'],
      fields: 'Host: a\r\nAccept: */*\r\n\r\n',
    });
    expect(cut(TRACEPARENT)).toMatchObject({ fields: '\r\n' });
  });

  it.each([
    ['none of them', ['Host: a', 'X-Forwarded-For: 1', 'TE: trailers']],
    ['one twice', ['Host: a', 'X-Request-Id: a', 'x-request-id: b']],
    ['folded', ['Host: a', 'X-Request-Id: a\tb']],
    ['a space before the colon', ['X-Request-Id : a']],
    ['within another line', ['Host: a traceparent: b', 'Foo: \rtraceparent: x']],
    ['behind a bare line feed', ['Foo: a\ntraceparent: x']],
    ['bytes beyond ASCII', ['X-Request-Id: \u00e9']],
  ])('%s: all is left to the parser', (_, lines) => {
    expect(cut(...lines)).toBeUndefined();
  });
});
