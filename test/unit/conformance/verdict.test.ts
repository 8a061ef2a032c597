import { readFileSync } from 'node:fs';
import suites from 'http-cache-tests/tests/index.mjs';
import { describe, expect, it } from 'vitest';
import { type Classified, classify } from '../../conformance/classify.js';
import { type Exception, judge, notExcused } from '../../conformance/verdict.js';

const FAILED: Classified = {
  id: 'stale-close-no-cache',
  kind: 'required',
  outcome: 'failed',
  message: 'Response 2 comes from cache',
};
const EXCEPTION: Exception = {
  id: FAILED.id,
  kind: 'required',
  rfc: 'RFC 9111, section 5.2.2.4',
  reason: 'The origin says nothing that our answer could repeat.',
  message: FAILED.message,
  status: 502,
};
const STATUSES = { [FAILED.id]: [200, 502] };

describe('a test that did not pass', () => {
  it.each(['failed', 'setup failed', 'dependency failed', 'repeated by the proxy', 'not run'] as const)(
    'and that nothing excuses is reported: %s',
    (outcome) => {
      expect(notExcused(judge([{ ...FAILED, outcome }], STATUSES, []))).toEqual([FAILED.id]);
    },
  );

  it('is excused by its exception', () => {
    const verdict = judge([FAILED], STATUSES, [EXCEPTION]);
    expect(notExcused(verdict)).toEqual([]);
    expect(verdict.findings).toMatchObject([{ exception: EXCEPTION }]);
    expect(verdict.complaints).toEqual([]);
  });

  it('and that only looks is no finding', () => {
    expect(judge([{ ...FAILED, kind: 'check' }], STATUSES, []).findings).toEqual([]);
  });

  it('in another way than its exception says is not excused: the stale response was served', () => {
    expect(notExcused(judge([FAILED], { [FAILED.id]: [200, 200] }, [EXCEPTION]))).toEqual([FAILED.id]);
    expect(notExcused(judge([FAILED], {}, [EXCEPTION]))).toEqual([FAILED.id]);
  });

  it('with another message than its exception says is not excused: it got no further than its setup', () => {
    const early = { ...FAILED, message: 'Response 1 status is 502, not 200' };
    expect(notExcused(judge([early], STATUSES, [EXCEPTION]))).toEqual([FAILED.id]);
  });
});

describe('an exception is wrong', () => {
  const complaints = (test: Partial<Classified>, ...exceptions: Partial<Exception>[]) =>
    judge(
      [{ ...FAILED, ...test }],
      STATUSES,
      exceptions.map((exception) => ({ ...EXCEPTION, ...exception })),
    ).complaints;

  it('when its test passes', () => {
    expect(complaints({ outcome: 'passed', message: '' }, {})).toEqual([
      'stale-close-no-cache: it passes, so its exception must go',
    ]);
  });

  it('when the suite has no such test', () => {
    expect(complaints({}, { id: 'stale-cloze' })).toEqual(['stale-cloze: the suite has no such test']);
  });

  it('when it is listed twice', () => {
    expect(complaints({}, {}, {})).toEqual(['stale-close-no-cache: it is listed twice']);
  });

  it('when it is of another kind', () => {
    expect(complaints({}, { kind: 'optimal' })).toEqual([
      'stale-close-no-cache: it is required, not optimal',
    ]);
  });

  it.each([{ reason: ' ' }, { rfc: '' }])('when it does not say why: %j', (empty) => {
    expect(complaints({}, empty)).toEqual(['stale-close-no-cache: no section or no reason is given']);
  });
});

describe('test/conformance/exceptions.json', () => {
  const exceptions = JSON.parse(
    readFileSync(new URL('../../conformance/exceptions.json', import.meta.url), 'utf8'),
  ) as Exception[];

  it('names tests of the release once each, with their kind, a section and a reason', () => {
    expect(judge(classify(suites, {}), {}, exceptions).complaints).toEqual([]);
    for (const { rfc } of exceptions) expect(rfc).toMatch(/RFC \d{4}, sections? \d/);
  });
});
