import { expect, it } from 'vitest';
import { newRequestId, requestIdOf } from '../../../src/server/request-id.js';

it('ids are UUIDs in form and none comes twice', () => {
  const ids = Array.from({ length: 100_000 }, newRequestId);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids.slice(0, 100)) {
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  }
});

it("the client's own id is kept when it can do no harm", () => {
  expect(requestIdOf(['X-Request-Id', 'abc-123'])).toBe('abc-123');
  for (const bad of ['', 'a b', 'a"b', 'x'.repeat(129), 'a\tb']) {
    expect(requestIdOf(['X-Request-Id', bad])).not.toBe(bad);
  }
});
