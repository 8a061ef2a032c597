import { describe, expect, it } from 'vitest';
import { tenantSide } from '../../../src/compose-tenants.js';
import { ProxyError } from '../../../src/errors.js';
import { parseKeys } from '../../../src/tenants/keys-file.js';
import { keySetOf } from '../../../src/tenants/registry.js';

function side() {
  return tenantSide({ grant: ({ want }) => ({ given: want, forMs: 1000 }) });
}

describe('the part of a process that answers clients', () => {
  it('slows the guessing of keys by address, and tells how long to wait', () => {
    const { gate } = side();
    const answers = Array.from({ length: 12 }, () => gate.wrong('203.0.113.9'));
    expect(answers.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => undefined));
    expect(answers[10]).toMatchObject({ code: 'too_many_attempts', status: 429, retryAfter: 1 });
    expect(gate.wrong('203.0.113.10')).toBeUndefined();
  });

  it('admits nobody until it is told keys, and whom they name from then on', async () => {
    const { gate, extras } = side();
    const shown = { target: '/3/movie/1?api_key=alices-key-0123456789', headers: [] };
    expect(gate.identify(shown, Date.now())).toBeInstanceOf(ProxyError);
    await extras.tenants!(keySetOf(parseKeys('alice=alices-key-0123456789'), 1));
    expect(gate.identify(shown, Date.now())).toMatchObject({ tenant: 'alice' });
  });

  it('counts what it answered and what it refused', async () => {
    const { gate, extras, record } = side();
    await extras.tenants!(keySetOf(parseKeys('alice=alices-key-0123456789;classes=image'), 1));
    const caller = gate.identify({ target: '/3/x?api_key=alices-key-0123456789', headers: [] }, Date.now());
    if (caller instanceof ProxyError) throw caller;
    await gate.enter(caller, 'detail');
    record('alice', { result: 'error', served: 'none', class: 'detail' }, 10);
    record('alice', { result: 'hit', served: 'memory', class: 'image' }, 100);
    expect(await extras.tenantUsage!()).toEqual([
      { tenant: 'alice', requests: 2, hits: 1, originRequests: 0, bytes: 110, refused: 1 },
    ]);
  });
});
