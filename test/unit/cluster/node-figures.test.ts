import { expect, it } from 'vitest';
import { figuresOf } from '../../../src/cluster/node-figures.js';
import { core, NOW, report, upstream } from '../admin/fakes.js';

it('requests for pictures, which have no budget, do not count against that of others', () => {
  const free = { tokens: null, rate: null, burst: null, queued: { user: 0, refresh: 0, background: 0 } };
  const api = upstream({ requests: 10 });
  const image = upstream({ upstream: 'image', url: 'https://image.tmdb.org', requests: 45, budget: free });
  const { origin } = figuresOf([report({ upstreams: [api] })], core({ upstreams: [api, image] }), NOW);
  expect(origin).toMatchObject({ requests: 65, budgeted: 20 });
});
