import { describe, expect, it } from 'vitest';
import { probeOf } from '../../../src/admin/probes.js';
import { adminApp, FakeManagement } from './fakes.js';

describe('a probe that is answered before the app is loaded', () => {
  it.each([
    ['/livez', true],
    ['/livez', false],
    ['/readyz', true],
    ['/readyz', false],
  ])('says what the app says: %s, ready %s', async (path, isReady) => {
    const ready = () => isReady;
    const said = await adminApp(new FakeManagement(), { ready }).request(`http://localhost${path}`);
    const body = await said.text();
    const { status, headers, body: early } = probeOf(path, ready)!;
    expect(status).toBe(said.status);
    expect(early).toBe(body);
    // The order too: it is that of the wire. The server adds the length.
    const pairs = [...said.headers, ['content-length', String(body.length)]];
    expect(headers).toEqual(pairs.flat());
  });

  it.each(['/health', '/status', '/readyz/', '/metrics', '/api/readyz'])('is not %s', (path) => {
    expect(probeOf(path, () => true)).toBeUndefined();
  });
});
