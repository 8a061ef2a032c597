import { describe, expect, it } from 'vitest';
import { settle } from '../../support/fake-clock.js';
import { bytesOf, engineKit } from './engine-kit.js';

const IMAGE = { headers: ['Content-Type', 'image/jpeg'] };

describe('collapsing (I-6)', () => {
  it('200 concurrent misses make one origin request, and each gets all bytes', async () => {
    const kit = engineKit();
    const answers = Array.from({ length: 200 }, () => kit.ask('/x'));
    await settle();
    expect(kit.origin.asked).toHaveLength(1);
    kit.origin.last.reply({ body: 'whole' });
    for (const answer of await Promise.all(answers)) expect(await bytesOf(answer)).toBe('whole');
  });

  it("a follower reads what has arrived before the leader's last byte", async () => {
    const kit = engineKit();
    const leader = kit.ask('/x');
    await settle();
    kit.origin.last.head(IMAGE);
    kit.origin.last.body.data(Buffer.from('first sixteen bytes '));
    const follower = await kit.ask('/x');
    expect(follower.outcome.collapsed).toBe(true);
    const seen: string[] = [];
    if (follower.kind !== 'arriving') throw new Error('expected a body that is still arriving');
    follower.body.start({
      data: (chunk) => seen.push(chunk.toString()),
      end: () => seen.push('end'),
      error: () => {},
    });
    await leader;
    await settle();
    expect(seen).toEqual(['first sixteen bytes ']);
    kit.origin.last.body.data(Buffer.from('last'));
    kit.origin.last.body.end();
    expect(seen).toEqual(['first sixteen bytes ', 'last', 'end']);
  });

  it('a leader that hangs up harms nobody (I-7)', async () => {
    const kit = engineKit();
    const gone = new AbortController();
    const leader = kit.ask('/x', { signal: gone.signal });
    await settle();
    const follower = kit.ask('/x');
    await settle();
    gone.abort();
    await expect(leader).rejects.toMatchObject({ code: 'client_closed' });
    kit.origin.last.reply({ body: 'whole' });
    expect(await bytesOf(await follower)).toBe('whole');
    expect(kit.origin.asked).toHaveLength(1);
  });

  it('the origin request is cancelled when the last client has gone', async () => {
    const kit = engineKit();
    const gone = new AbortController();
    const only = kit.ask('/x', { signal: gone.signal });
    await settle();
    gone.abort();
    await expect(only).rejects.toMatchObject({ code: 'client_closed' });
    await settle();
    expect(kit.origin.last.request.signal.aborted).toBe(true);
    expect(kit.engine.filler.flights.size).toBe(0);
  });

  it('an uncacheable answer goes to its leader alone; followers ask for themselves, and later ones do not queue (I-8)', async () => {
    const kit = engineKit();
    const answers = [kit.ask('/x'), kit.ask('/x'), kit.ask('/x')];
    await settle();
    kit.origin.last.reply({ headers: ['Cache-Control', 'private'], body: 'one' });
    await settle();
    expect(kit.origin.asked).toHaveLength(3);
    kit.origin.asked[1]!.reply({ headers: ['Cache-Control', 'private'], body: 'two' });
    kit.origin.asked[2]!.reply({ headers: ['Cache-Control', 'private'], body: 'three' });
    const bodies = await Promise.all((await Promise.all(answers)).map(bytesOf));
    expect(bodies.sort()).toEqual(['one', 'three', 'two']);
    void kit.ask('/x').catch(() => {});
    void kit.ask('/x').catch(() => {});
    await settle();
    expect(kit.origin.asked).toHaveLength(5);
  });

  it('an origin in trouble is asked once for all who wait', async () => {
    const kit = engineKit();
    const answers = [kit.ask('/x'), kit.ask('/x')];
    await settle();
    kit.origin.last.reply({ status: 503, body: 'down' });
    for (const answer of await Promise.all(answers)) expect(await bytesOf(answer)).toBe('down');
    expect(kit.origin.asked).toHaveLength(1);
  });
});
