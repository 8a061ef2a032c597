import { expect, it } from 'vitest';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit } from './engine-kit.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const MAX_ENTRY = 4 * MIB;
const PIECE = 250 * KIB;
const IMAGE = { headers: ['Content-Type', 'image/jpeg'] };

type Kit = ReturnType<typeof engineKit>;

/** A body that arrives for a reader who takes nothing of it: as much of `bytes` as the origin is asked for. */
async function untaken(kit: Kit, target: string, bytes: number) {
  const asked = kit.ask(target);
  await settle();
  const { last } = kit.origin;
  last.head(IMAGE);
  last.body.data(Buffer.alloc(PIECE));
  const answer = await asked;
  if (answer.kind !== 'arriving') throw new Error('expected a body that is still arriving');
  answer.body.start({ data: () => answer.body.pause(), end: () => {}, error: () => {} });
  let sent = PIECE;
  for (await settle(); sent < bytes && !last.body.paused; sent += PIECE) last.body.data(Buffer.alloc(PIECE));
  return { sent, end: () => last.body.end(), leave: () => answer.body.cancel() };
}

/** Three of nearly the largest size: more than two of the largest. */
async function crowded() {
  const kit = engineKit({ maxEntryBytes: MAX_ENTRY });
  const bodies = [];
  for (const target of ['/1', '/2', '/3']) bodies.push(await untaken(kit, target, MAX_ENTRY - PIECE));
  return { kit, bodies };
}

const stored = async ({ memory }: Kit, target: string) => {
  await settle();
  return memory.peek(target) !== undefined;
};

it('bodies that nobody takes hold no more than two of the largest entries: what is beyond waits at the origin, and is not stored (I-17)', async () => {
  const { kit, bodies } = await crowded();
  const [one, two, three] = bodies.map(({ sent }) => sent);
  expect([one, two].every((sent) => sent! >= MAX_ENTRY - PIECE)).toBe(true);
  expect(three).toBeLessThanOrEqual(2 * MIB);
  for (const { end } of bodies) end();
  expect(await Promise.all(['/1', '/2', '/3'].map((target) => stored(kit, target)))).toEqual([
    true,
    true,
    false,
  ]);
});

it('readers who take nothing do not keep what others ask for from being stored', async () => {
  const { kit } = await crowded();
  for (const [target, size] of [
    ['/small', 10 * KIB],
    ['/usual', 900 * KIB],
  ] as const) {
    const asked = kit.ask(target);
    await settle();
    kit.origin.last.reply({ ...IMAGE, body: Buffer.alloc(size) });
    expect((await bytesOf(await asked)).length).toBe(size);
    expect(await stored(kit, target), target).toBe(true);
  }
});

it('when they leave, large bodies are stored again', async () => {
  const { kit, bodies } = await crowded();
  for (const { leave } of bodies) leave();
  const asked = kit.ask('/4');
  await settle();
  kit.origin.last.reply({ ...IMAGE, body: Buffer.alloc(3 * MIB) });
  await bytesOf(await asked);
  expect(await stored(kit, '/4')).toBe(true);
});
