import { describe, expect, it } from 'vitest';
import { ProxyError } from '../../../src/errors.js';
import { adminApp, FakeManagement } from './fakes.js';

interface Problem {
  status: number;
  code: string;
  detail: string;
  invalid_params: { name: string; in: string; reason: string }[];
}

async function problemOf(
  path: string,
  init: RequestInit = {},
): Promise<{ management: FakeManagement; problem: Problem }> {
  const management = new FakeManagement();
  const response = await adminApp(management).request(path, init);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = (await response.json()) as Problem;
  expect(problem.status).toBe(response.status);
  return { management, problem };
}

const LIMITS = 'a whole number from 1 to 1000';

describe('a bad parameter is named, with what is allowed', () => {
  it.each([
    ['GET', '/cache/keys?limit=0', 'limit', LIMITS],
    ['GET', '/cache/keys?limit=1001', 'limit', LIMITS],
    ['GET', '/cache/keys?limit=', 'limit', LIMITS],
    ['GET', '/cache/keys?limit=-1', 'limit', LIMITS],
    ['GET', '/cache/keys?limit=1e2', 'limit', LIMITS],
    ['GET', '/cache/keys?limit=ten', 'limit', LIMITS],
    ['GET', '/cache/keys?limit=1&limit=2', 'limit', LIMITS],
    ['GET', '/cache/keys?limit=99999999999999999999', 'limit', LIMITS],
    ['GET', '/cache/keys?offset=-1', 'offset', 'a whole number from 0'],
    ['GET', '/cache/keys?tier=l3', 'tier', 'memory, disk, redis'],
    ['GET', '/cache/keys?class=nope', 'class', 'image, detail, search'],
    ['GET', '/cache/keys?lmit=10', 'lmit', 'limit, offset, cursor, tier, class'],
    ['GET', '/cache/keys?cursor=', 'cursor', '1 to'],
    ['GET', '/cache/keys?cursor=v1:api:/3', 'cursor', 'next_cursor'],
    ['GET', '/cache/keys?cursor=Zm9v', 'cursor', 'next_cursor'],
    ['GET', `/cache/keys?cursor=${Buffer.from('1:a').toString('base64url')}%3D`, 'cursor', 'next_cursor'],
    ['GET', '/cache/search', 'q', '1 to 2048'],
    ['GET', '/cache/search?q=', 'q', '1 to 2048'],
    ['GET', '/cache/entry', 'key', '1 to'],
    ['POST', '/cache/clear?type=disc', 'type', 'all, memory, l2, disk, redis'],
    ['POST', '/cache/clear?type=', 'type', 'all, memory, l2, disk, redis'],
    ['POST', '/cache/clear?typ=memory', 'typ', 'type, soft, cascade'],
    ['POST', '/cache/clear?soft=yes', 'soft', 'true or false'],
    ['POST', '/cache/clear?type=memory&type=disk', 'type', 'all, memory'],
    ['GET', '/stats?server=https://elsewhere.example', 'server', 'https://api.themoviedb.org'],
  ])('%s %s', async (method, path, name, allowed) => {
    const { management, problem } = await problemOf(path, { method });
    expect(problem).toMatchObject({ status: 400, code: 'bad_request', title: 'Bad Request' });
    expect(problem.invalid_params).toMatchObject([{ name, in: 'query' }]);
    expect(problem.detail).toContain(name);
    expect(problem.detail).toContain(allowed);
    expect(management.cleared).toEqual([]);
  });

  it('names all of them at once', async () => {
    const { problem } = await problemOf('/cache/keys?limit=0&tier=x&foo=1');
    expect(problem.invalid_params.map((param) => param.name).sort()).toEqual(['foo', 'limit', 'tier']);
  });
});

describe('a bad body of /cache/purge', () => {
  it.each([
    ['', 'body', 'JSON object'],
    ['{', 'body', 'JSON object'],
    ['null', 'body', 'object'],
    ['[]', 'body', 'object'],
    ['"all"', 'body', 'object'],
    ['{}', 'body', 'at least one of keys, urls, tags, prefix, class'],
    ['{"soft":true}', 'body', 'at least one of'],
    ['{"keys":[],"prefix":""}', 'prefix', ''],
    ['{"keys":[]}', 'body', 'at least one of'],
    ['{"keys":"a"}', 'keys', 'array'],
    ['{"keys":[1]}', 'keys.0', 'string'],
    ['{"keys":[""]}', 'keys.0', ''],
    ['{"tags":["a"],"soft":"yes"}', 'soft', 'boolean'],
    ['{"tags":["a"],"pattern":"*"}', 'pattern', 'keys, urls, tags, prefix, class, soft'],
    ['{"class":"nope"}', 'class', 'image, detail'],
  ])('%s', async (body, name, allowed) => {
    const { management, problem } = await problemOf('/cache/purge', { method: 'POST', body });
    expect(problem).toMatchObject({ status: 400, code: 'bad_request' });
    expect(problem.invalid_params.map((param) => param.name)).toContain(name);
    expect(problem.detail).toContain(allowed);
    expect(management.purged).toEqual([]);
  });

  it.each(['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'nonsense'])(
    'is no matter of its content type: %s',
    async (type) => {
      const init = { method: 'POST', body: '{"tags":["movie:1"]}', headers: { 'content-type': type } };
      expect((await adminApp(new FakeManagement()).request('/cache/purge', init)).status).toBe(200);
    },
  );

  it('may not be larger than 1 MiB, with or without a length', async () => {
    const body = JSON.stringify({ keys: ['a'.repeat(1024 * 1024)] });
    const { problem } = await problemOf('/cache/purge', {
      method: 'POST',
      body,
      headers: { 'content-length': String(body.length) },
    });
    expect(problem).toMatchObject({ status: 413, code: 'content_too_large' });
    const stream = new Blob([body]).stream();
    const init = { method: 'POST', body: stream, duplex: 'half' } as RequestInit;
    expect((await problemOf('/cache/purge', init)).problem.status).toBe(413);
  });

  it('that the node refuses is a 400 with its reason', async () => {
    const management = new FakeManagement();
    management.failure = new ProxyError('bad_request', 'urls.0: ftp://x is no address of this proxy');
    const response = await adminApp(management).request('/cache/purge', {
      method: 'POST',
      body: '{"urls":["ftp://x"]}',
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      code: 'bad_request',
      detail: expect.stringContaining('ftp://x'),
    });
  });
});

it('tells what to do about an unknown path or entry', async () => {
  expect((await problemOf('/nothing')).problem).toMatchObject({
    status: 404,
    detail: expect.stringContaining('/docs'),
  });
  expect((await problemOf('/cache/entry?key=x')).problem).toMatchObject({ status: 404, code: 'not_found' });
});
