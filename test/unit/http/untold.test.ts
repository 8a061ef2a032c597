import { describe, expect, it } from 'vitest';
import { fillHeaders } from '../../../src/generic/request-headers.js';
import { REQUEST_IDS, shapesUntold, UNTOLD, withoutShaping } from '../../../src/http/untold.js';
import { readFields } from '../../../src/server/plain-request.js';

const fieldsOf = (...names: string[]) => names.flatMap((name) => [name, 'v']);

describe('fields that shape an answer and of which no Vary tells', () => {
  it.each([
    'Cookie',
    'ORIGIN',
    'x-any',
    'X-Api-Version',
    'X_Forwarded_Host',
    'accept_language',
    'Co.okie',
    'x_request_id',
  ])('%s does, unless Vary names it', (name) => {
    expect(shapesUntold(fieldsOf('Accept', name), [])).toBe(true);
    expect(shapesUntold(fieldsOf('Accept', name), ['accept'])).toBe(true);
    expect(shapesUntold(fieldsOf('Accept', name), [name.toLowerCase()])).toBe(false);
    expect(withoutShaping(fieldsOf('Accept', name), [])).toEqual(fieldsOf('Accept'));
    expect(withoutShaping(fieldsOf('Accept', name), [name.toLowerCase()])).toEqual(fieldsOf('Accept', name));
  });

  it.each(['Accept-Language', 'User-Agent', 'Cache-Control', 'Foo', ...REQUEST_IDS])(
    '%s does not: a standard obliges the origin to tell, or it chooses nothing',
    (name) => {
      expect(shapesUntold(fieldsOf(name), [])).toBe(false);
      expect(withoutShaping(fieldsOf(name), [])).toEqual(fieldsOf(name));
    },
  );

  it('none of those that are kept back reaches the origin of a fill, in any case', () => {
    const names = [...UNTOLD, ...REQUEST_IDS, 'traceparent', 'tracestate', 'cdn-loop', 'via', 'max-forwards'];
    const sent = fillHeaders(fieldsOf(...names, ...names.map((name) => name.toUpperCase())), 'p');
    expect(sent).toEqual(['Via', '1.1 p']);
  });

  it('what shapes is never overlooked by the fast path: it hands such a field to the site or does not answer', () => {
    const names = ['cookie', 'origin', 'x-any', 'x-forwarded-user', 'x-requested-with', 'x-api-key'];
    names.push('x_forwarded_host', 'accept_language', 'x.host');
    for (const name of names) {
      const read = readFields(`Host: h\r\n${name}: v\r\n\r\n`);
      expect(read === undefined || !read.answerable || read.deciding.includes(name), name).toBe(true);
    }
  });
});
