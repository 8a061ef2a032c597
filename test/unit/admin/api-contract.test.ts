import { describe, expect, it } from 'vitest';
import { ApiContract, type ApiDocument } from '../../support/api-contract.js';
import type { Got } from '../../support/raw-client.js';

const REF = { $ref: '#/components/schemas/Part' };
const json = (schema: object) => ({ content: { 'application/json': { schema } } });

const document = {
  openapi: '3.1.0',
  jsonSchemaDialect: 'https://json-schema.org/draft/2020-12/schema',
  tags: [],
  paths: {
    '/a/b': {
      get: {
        operationId: 'a',
        summary: '',
        tags: [],
        responses: {
          200: json({
            type: 'object',
            properties: {
              part: REF,
              more: {
                allOf: [REF, { type: 'object', properties: { m: { type: 'number' } }, required: ['m'] }],
              },
              map: { type: 'object', additionalProperties: REF },
              at: { type: ['string', 'null'], format: 'date-time' },
            },
            required: ['part'],
          }),
          default: { content: { 'application/problem+json': { schema: REF } } },
        },
      },
    },
  },
  components: {
    securitySchemes: {},
    schemas: { Part: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } },
  },
} as unknown as ApiDocument;

const contract = new ApiContract(document);
const got = (body: unknown, status = 200, type = 'application/json; charset=utf-8'): Got => ({
  status,
  headers: { 'content-type': type },
  body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
});
const faults = (answer: Got) => contract.faultsOf('GET /a/b', answer).join('\n');

describe('the comparison with the document', () => {
  it('takes what the document says', () => {
    const at = '2026-01-31T12:00:00.000Z';
    expect(faults(got({ part: { n: 1 }, more: { n: 1, m: 2 }, map: { x: { n: 1 } }, at }))).toBe('');
    expect(faults(got({ part: { n: 1 }, at: null }))).toBe('');
    expect(faults(got({ n: 1 }, 418, 'application/problem+json'))).toBe('');
    expect(contract.documented()).toEqual(['GET /a/b 200']);
  });

  it.each([
    ['a member that no schema knows', { part: { n: 1 }, extra: 1 }, /unevaluatedProperty":"extra"/],
    ['one further in', { part: { n: 1, extra: 1 } }, /\/part must NOT have unevaluated/],
    [
      'one in a map',
      { part: { n: 1 }, map: { x: { n: 1, extra: 1 } } },
      /\/map\/x must NOT have unevaluated/,
    ],
    [
      'one of an object of several parts',
      { part: { n: 1 }, more: { n: 1, m: 2, extra: 1 } },
      /\/more must NOT/,
    ],
    ['a member that is missing', {}, /must have required property 'part'/],
    ['one of another type', { part: { n: 'x' } }, /\/part\/n must be integer/],
    ['a time that is none', { part: { n: 1 }, at: 'soon' }, /\/at must match format "date-time"/],
    ['a body that is no JSON', '<html>', /is no JSON/],
  ])('finds %s', (_what, body, fault) => expect(faults(got(body))).toMatch(fault));

  it('finds another content type, another status, another path', () => {
    expect(faults(got('x', 200, 'text/html'))).toContain('content type text/html');
    expect(faults(got({ n: 1 }, 418))).toContain('the document has application/problem+json (default)');
    expect(contract.faultsOf('GET /x', got({}))).toEqual(['GET /x is not in the document']);
  });

  it('refuses a schema of another dialect', () => {
    const old = { type: 'number', minimum: 1, exclusiveMinimum: true };
    const components = { ...document.components, schemas: { Old: old } };
    expect(() => new ApiContract({ ...document, components })).toThrow(/Old: .*exclusiveMinimum/);
  });
});
