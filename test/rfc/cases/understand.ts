import { type Case, date, kept, notKept } from '../exchange.js';

const FRESH = 'max-age=60';
const OLD = { 'Last-Modified': date(-1_000_000) };
/** RFC 9110 section 15: may be kept without an explicit lifetime, of those a cache without ranges can keep. */
const HEURISTIC = [200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501];
const EXPLICIT = [...HEURISTIC, 201, 299, 302, 303, 307, 400, 403, 422, 499, 500, 502, 503, 504, 599];

export const UNDERSTAND: readonly Case[] = [
  ...EXPLICIT.map((status) =>
    kept(`3: a ${status} with an explicit lifetime is kept and keeps its status`, {
      status,
      fields: { 'Cache-Control': FRESH },
      ...(status === 204 ? { body: '' } : {}),
    }),
  ),
  ...HEURISTIC.map((status) =>
    kept(`4.2.2: a ${status} may be kept for a tenth of its time since Last-Modified`, {
      status,
      fields: OLD,
      ...(status === 204 ? { body: '' } : {}),
    }),
  ),
  ...[201, 299, 302, 303, 307, 400, 403, 422, 499, 500, 502, 503, 504, 599].map((status) =>
    notKept(`4.2.2: a ${status} has no heuristic lifetime`, { status, fields: OLD }),
  ),
  kept('4.2.2: public allows a heuristic lifetime for any status', {
    status: 299,
    fields: { ...OLD, 'Cache-Control': 'public' },
  }),
  kept('5.2.2.3: must-understand overrides the no-store beside it', {
    fields: { 'Cache-Control': `must-understand, no-store, ${FRESH}` },
  }),
  kept('5.2.2.3: must-understand with a status that is understood', {
    status: 404,
    fields: { 'Cache-Control': `no-store, ${FRESH}, Must-Understand` },
  }),
  ...[299, 399, 499, 599].flatMap((status): Case[] => [
    notKept(`5.2.2.3: must-understand forbids a ${status}, whose rules nobody knows`, {
      status,
      fields: { 'Cache-Control': `must-understand, ${FRESH}` },
    }),
    notKept(`5.2.2.3: must-understand with no-store forbids a ${status}`, {
      status,
      fields: { 'Cache-Control': `must-understand, no-store, ${FRESH}` },
    }),
  ]),
  notKept('5.2.2.3: must-understand lifts no-store only, not private', {
    fields: { 'Cache-Control': `must-understand, private, ${FRESH}` },
  }),
  {
    // What the client of an unasked 304 gets is the origin's fault; that nobody else does is the cache's.
    name: '3: a 304 to an unconditional request is no response to keep',
    steps: [
      {
        answer: { status: 304, fields: { 'Cache-Control': FRESH, ETag: '"a"' } },
        status: [200, 304, 502],
        text: /^/,
      },
      { answer: { fields: { 'Cache-Control': FRESH } } },
      {},
    ],
  },
];
