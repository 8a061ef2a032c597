import { afterEach, expect, it } from 'vitest';
import { configurationRewriter } from '../../src/server/configuration-rewrite.js';
import { FakeClock } from '../support/fake-clock.js';
import { Side } from './side.js';
import { stillness, Wire } from './wire.js';

let side: Side;
afterEach(() => side.close());

/** How often the socket answered, of ten requests. */
async function answered(target: string, publicUrl: string | undefined): Promise<number> {
  const rewriter = configurationRewriter({ publicUrl, trust: false });
  side = await new Side({
    site: 'tmdb',
    l2: 'prompt',
    clock: new FakeClock(),
    fast: true,
    settings: { rewriter },
  }).open();
  const wire = await Wire.open(side);
  for (let i = 0; i < 10; i++) {
    wire.send(Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`));
    await stillness([wire]);
    expect(wire.take().toString('latin1')).toMatch(/^HTTP\/1.1 200 /);
  }
  return side.hits;
}

it('the socket never answers what is rewritten for each client, whichever way it is asked for', async () => {
  expect(await answered('/3/configuration', 'https://tmdb.example')).toBe(0);
  await side.close();
  expect(await answered('/3/configuration?api_key=K', 'https://tmdb.example')).toBe(0);
});

it('it answers everything else, and all of it where nothing is rewritten', async () => {
  expect(await answered('/3/configuration/countries', 'https://tmdb.example')).toBeGreaterThan(5);
  await side.close();
  expect(await answered('/3/configuration', undefined)).toBeGreaterThan(5);
});
