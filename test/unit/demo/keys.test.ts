import { expect, test } from 'vitest';
import type { SampleOrigin } from '../../../src/demo/index.js';
import { ask, sample } from './helpers.js';

async function codeFor(origin: SampleOrigin, key: string): Promise<unknown> {
  const asV3 = await ask(origin, `/3/movie/550?api_key=${key}`);
  const asBearer = await ask(origin, '/3/movie/550', { headers: { authorization: `Bearer ${key}` } });
  expect(asBearer.status).toBe(asV3.status);
  return asV3.status === 200 ? 200 : [asV3.status, asV3.json.status_code];
}

const steer = (origin: SampleOrigin, body: object) => ask(origin, '/__keys', { method: 'POST', body });

test('any key is good but those named bad and invalid, and none is not', async () => {
  const origin = await sample();
  expect(await codeFor(origin, 'anything')).toBe(200);
  expect(await codeFor(origin, 'bad')).toEqual([401, 7]);
  expect((await ask(origin, '/3/movie/550?api_key=')).json.status_code).toBe(7);
});

test('a key is withdrawn, and given back, while the origin runs', async () => {
  const origin = await sample({ strictKey: ['one', 'two'] });
  expect([await codeFor(origin, 'one'), await codeFor(origin, 'two')]).toEqual([200, 200]);
  expect((await steer(origin, { accepted: ['two'] })).status).toBe(200);
  expect([await codeFor(origin, 'one'), await codeFor(origin, 'two')]).toEqual([[401, 7], 200]);
  origin.keys.become({ accepted: null });
  expect([await codeFor(origin, 'one'), await codeFor(origin, 'bad')]).toEqual([200, [401, 7]]);
});

test('a suspended key has a code of its own, and is suspended in what the memory holds too', async () => {
  const origin = await sample();
  expect(await codeFor(origin, 'one')).toBe(200);
  await steer(origin, { suspended: ['one'] });
  expect([await codeFor(origin, 'one'), await codeFor(origin, 'two')]).toEqual([[401, 10], 200]);
  await steer(origin, { suspended: [] });
  expect(await codeFor(origin, 'one')).toBe(200);
});

test('nonsense changes nothing and says what is expected', async () => {
  const origin = await sample({ strictKey: ['one'] });
  for (const body of [{ accepted: 'one' }, { suspended: 'one' }, { accepted: ['two'], suspended: null }]) {
    const { status, json } = await steer(origin, body);
    expect([status, json.error]).toEqual([400, expect.stringContaining('list of keys')]);
  }
  expect([await codeFor(origin, 'one'), await codeFor(origin, 'two')]).toEqual([200, [401, 7]]);
  expect((await ask(origin, '/__keys')).status).toBe(404);
});

test('no limit counts and no fault strikes what is steered', async () => {
  const origin = await sample({ limits: { rate: 1 } });
  origin.faults.add({ kind: 'status', status: 500 });
  expect((await steer(origin, { accepted: ['two'] })).status).toBe(200);
  expect(origin.requests.total).toBe(0);
});
