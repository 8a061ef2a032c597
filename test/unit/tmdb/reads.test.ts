import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { policy, V3, V4 } from './tools.js';

const NAMES = [
  'Accept',
  'Authorization',
  'Content-Length',
  'Transfer-Encoding',
  'Accept-Language',
  'Cookie',
  'Origin',
];
const more = ['Range', 'X-Forwarded-Host', 'If-None-Match', 'Accept-Encoding', 'Cache-Control', 'X-Any'];
const fields = fc
  .array(
    fc.tuple(
      fc.constantFrom(...NAMES, ...more),
      fc.constantFrom(
        'a',
        'image/webp,*/*',
        `Bearer ${V4.value}`,
        'Bearer x',
        '0',
        '5',
        'chunked',
        'bytes=0-1',
        '',
      ),
    ),
    { maxLength: 8 },
  )
  .map((pairs) => pairs.flat());
const targets = fc.constantFrom(
  '/3/movie/550?language=de',
  '/t/p/w500/a.jpg',
  '/3/account',
  '/4/list/1',
  '/other',
);

describe('a route in front of TMDB', () => {
  const sites = [policy(), policy({ credentials: [V3] }), policy({ ttlPolicy: 'origin', credentials: [V4] })];

  it('depends on the request fields that the policy says it reads, and on no other', () => {
    fc.assert(
      fc.property(targets, fields, (target, headers) => {
        for (const site of sites) {
          const read = headers.filter((_, i) => site.reads!.has(headers[i - (i % 2)]!.toLowerCase()));
          const [all, some] = [headers, read].map((given) =>
            site.route({ method: 'GET', target, headers: given }),
          );
          if (all!.kind === 'pass' && some!.kind === 'pass') {
            // What is passed on takes the client's fields along.
            expect({ ...all, headers: [] }).toEqual({ ...some, headers: [] });
          } else {
            expect(all).toEqual(some);
          }
        }
      }),
    );
  });
});
