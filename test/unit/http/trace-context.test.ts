import { describe, expect, it } from 'vitest';
import { traceContextOf, traceFields } from '../../../src/http/trace-context.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';
const SPAN = '1111111111111111';
const of = (parent: string, ...states: string[]) =>
  traceContextOf(['Traceparent', parent, ...states.flatMap((state) => ['TraceState', state])]);

describe('traceparent (W3C Trace Context level 2, section 3.2)', () => {
  it('is handed on with another parent, the trace and its flags as they are', () => {
    const context = of(`00-${TRACE}-${PARENT}-01`, 'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')!;
    expect(context).toMatchObject({ traceId: TRACE, parentId: PARENT, flags: '01' });
    expect(traceFields(context, SPAN)).toEqual([
      'traceparent',
      `00-${TRACE}-${SPAN}-01`,
      'tracestate',
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    ]);
  });

  it.each([
    ['00', '00'],
    ['01', '01'],
    ['02', '02'],
    ['03', '03'],
    ['ff', '03'],
    ['f0', '00'],
  ])('flags %s go on as %s: what is reserved is sent as zero', (flags, sent) => {
    expect(of(`00-${TRACE}-${PARENT}-${flags}`)?.flags).toBe(sent);
  });

  it('of a later version what is known is read, and sent as version 00', () => {
    const context = of(`cc-${TRACE}-${PARENT}-01-what-the-future-will-be-like`)!;
    expect(traceFields(context, SPAN)).toEqual(['traceparent', `00-${TRACE}-${SPAN}-01`]);
    expect(of(`cc-${TRACE}-${PARENT}-01`)).toBeDefined();
    expect(of(`cc-${TRACE}-${PARENT}-01.what`)).toBeUndefined();
  });

  it.each([
    '',
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-1`,
    `00-${TRACE}-${PARENT}-01-more`,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${PARENT}-0x`,
    `00-${TRACE.slice(1)}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01, 00-${TRACE}-${PARENT}-01`,
    'x'.repeat(10_000),
  ])('%s is none, and its tracestate is not looked at', (parent) => {
    expect(of(parent, 'a=1')).toBeUndefined();
  });

  it('two of them are none', () => {
    const line = `00-${TRACE}-${PARENT}-01`;
    expect(traceContextOf(['traceparent', line, 'traceparent', line])).toBeUndefined();
    expect(traceContextOf(['tracestate', 'a=1'])).toBeUndefined();
  });
});

describe('tracestate (section 3.3)', () => {
  const state = (...lines: string[]) => of(`00-${TRACE}-${PARENT}-01`, ...lines)?.state;

  it('lines are one list, in order; empty members and spaces around them go', () => {
    expect(state('a=1 ,, b=2', ' c@d=x y')).toBe('a=1,b=2,c@d=x y');
  });

  it.each([
    'A=1',
    'a',
    '=1',
    'a=',
    'a=b=c',
    'a=1,a=2',
    ` ,`,
    'a=ä',
    `${'k'.repeat(257)}=1`,
    `a=${'v'.repeat(257)}`,
    Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(),
  ])('%s is dropped, and the trace goes on', (text) => {
    expect(state(text)).toBeUndefined();
    expect(of(`00-${TRACE}-${PARENT}-01`, text)).toBeDefined();
  });

  it('of more than 512 characters whole members are left out: long ones, then the last', () => {
    const long = `long=${'x'.repeat(200)}`;
    const short = Array.from({ length: 12 }, (_, i) => `k${i}=${'y'.repeat(40)}`);
    const kept = state([long, ...short].join())!;
    expect(kept.length).toBeLessThanOrEqual(512);
    expect(kept.split(',')).toEqual(short.slice(0, kept.split(',').length));
    expect(kept.split(',').length).toBeGreaterThan(8);
    expect(state([long, 'a=1'].join())).toBe(`${long},a=1`);
  });
});
