import { describe, expect, it } from 'vitest';
import type { RequestContext } from '../../../src/cache/engine.js';
import { answerOf, dial, entryOf, exchange, PASS, request, start, until } from './helpers.js';

/** A server whose engine reads bodies to their end, or as far as they come. */
async function reading() {
  const state = { asked: 0, begun: 0, bytes: 0, failure: undefined as unknown };
  const read = async (context: RequestContext) => {
    state.asked++;
    const body = await context.readBody!();
    state.begun++;
    for await (const chunk of body!) state.bytes += (chunk as Buffer).length;
  };
  const { port } = await start(async (context) => {
    await read(context).catch((thrown: unknown) => {
      state.failure = thrown;
      throw thrown;
    });
    return answerOf(entryOf('{}'), { ...PASS });
  });
  return { port, state };
}

const upload = (length: number) => request('POST', '/3/movie/1/rating', `Content-Length: ${length}`);
/** Long enough for what has come to be handed on. */
const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

describe('the body of a request that passes', () => {
  it('is not taken to the origin before it is whole', async () => {
    const { port, state } = await reading();
    const socket = dial(port);
    socket.resume();
    socket.write(`${upload(1000)}${'x'.repeat(999)}`);
    await until(() => state.asked === 1);
    await turn();
    expect(state.begun).toBe(0);
    socket.write('x');
    await until(() => state.bytes === 1000);
  });

  it('is taken there when it is too long to be read before', async () => {
    const { port, state } = await reading();
    const socket = dial(port);
    socket.resume();
    socket.write(`${upload(1_000_000)}${'x'.repeat(999_999)}`);
    await until(() => state.bytes === 999_999);
    socket.write('x');
    await until(() => state.bytes === 1_000_000);
  });

  it.each([
    [15, 0],
    [17, 1],
  ])('is taken there when more than 16 KiB of it have come: after %i KiB, %i times', async (kib, begun) => {
    const { port, state } = await reading();
    const socket = dial(port);
    socket.resume();
    socket.write(`${upload(1_000_000)}${'x'.repeat(kib * 1024)}`);
    await until(() => state.asked === 1);
    if (begun > 0) await until(() => state.begun === begun);
    else await turn();
    expect(state.begun).toBe(begun);
  });

  it('goes nowhere when its client leaves before', async () => {
    const { port, state } = await reading();
    const socket = dial(port);
    socket.write(`${upload(1000)}x`);
    await until(() => state.asked === 1);
    socket.destroy();
    await until(() => state.failure !== undefined);
    expect(state).toMatchObject({ begun: 0, failure: { code: 'client_closed' } });
  });

  it('may come in chunks, and be empty', async () => {
    const { port, state } = await reading();
    const head = request('POST', '/3/movie/1/rating', 'Transfer-Encoding: chunked');
    for (const chunks of ['3\r\nabc\r\n0\r\n\r\n', '0\r\n\r\n'])
      expect((await exchange(port, head + chunks)).status).toBe(200);
    expect(state).toMatchObject({ begun: 2, bytes: 3 });
  });
});
