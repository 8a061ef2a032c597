import { describe, expect, it } from 'vitest';
import { findingLines, scope, table } from '../../conformance/table.js';

describe('what npm run conformance prints', () => {
  it('a table with names and numbers aligned', () => {
    const rows = [
      { name: 'tmdb-cache-proxy, memory', required: 157, optimal: 86, notRun: 0 },
      { name: 'nginx', required: 93, optimal: 5, notRun: 0 },
    ];
    expect(table('of 157 and 86', rows)).toEqual([
      'of 157 and 86             required   optimal',
      'tmdb-cache-proxy, memory       157        86',
      'nginx                           93         5',
    ]);
  });

  it('a column for tests without a result only where there are some', () => {
    const rows = [
      { name: 'ours', required: 1, optimal: 1, notRun: 0 },
      { name: 'ATS', required: 1, optimal: 1, notRun: 13 },
    ];
    expect(table('of 2', rows)).toEqual([
      'of 2  required   optimal   not run',
      'ours         1         1',
      'ATS          1         1        13',
    ]);
  });

  it('what is counted and what is not', () => {
    expect(scope('0.4.5', { required: 157, optimal: 86, check: 86 }, 5).join('\n')).toBe(
      [
        'http-cache-tests 0.4.5, classified by its own code: 157 required and 86 optimal tests.',
        'Not counted: 86 that only look, 5 for browsers, and the suite surrogate-control, which is not of tests/index.mjs.',
      ].join('\n'),
    );
  });

  const test = {
    id: 'x',
    kind: 'required',
    outcome: 'failed',
    message: 'Response 2 comes from cache',
  } as const;

  it('a failure that nothing excuses, in capitals', () => {
    expect(findingLines({ test, statuses: [200, 200] })).toEqual([
      '  x (required, failed; answers 200, 200): Response 2 comes from cache',
      '    NOT EXCUSED',
    ]);
  });

  it('what failed only because another did, without a message of its own', () => {
    const dependent = { ...test, outcome: 'dependency failed', message: '' } as const;
    expect(findingLines({ test: dependent, statuses: [200] })[0]).toBe(
      '  x (required, dependency failed; answers 200)',
    );
  });

  it('a failure with the section and the reason that excuse it', () => {
    const exception = {
      id: 'x',
      kind: 'required',
      rfc: 'RFC 9111, section 5.1',
      reason: 'So it says.',
      message: test.message,
      status: 502,
    } as const;
    expect(findingLines({ test, statuses: [], exception })).toEqual([
      '  x (required, failed; no answer): Response 2 comes from cache',
      '    RFC 9111, section 5.1: So it says.',
    ]);
  });
});
