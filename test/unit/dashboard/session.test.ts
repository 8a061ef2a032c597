import { describe, expect, it } from 'vitest';
import { EndedSessions } from '../../../src/dashboard/ended-sessions.js';
import { SESSION_MS, Sessions, sessionsOf } from '../../../src/dashboard/session.js';
import { FakeClock } from '../../support/fake-clock.js';

const KEY = 'the-admin-key-of-this-proxy';

describe('a session', () => {
  it('is known to every process and node that has the same admin key', async () => {
    const clock = new FakeClock();
    const { token, session } = await new Sessions(KEY, clock).open();
    expect(await new Sessions(KEY, clock).read(token)).toEqual(session);
  });

  it('ends with its time, and with the admin key it was opened with', async () => {
    const clock = new FakeClock();
    const sessions = new Sessions(KEY, clock);
    const { token, session } = await sessions.open();
    expect(session.until).toBe(clock.now() + SESSION_MS);
    expect(await new Sessions('another-key', clock).read(token)).toBeUndefined();
    clock.advance(SESSION_MS - 1);
    expect(await sessions.read(token)).toEqual(session);
    clock.advance(1);
    expect(await sessions.read(token)).toBeUndefined();
  });

  it('can not be made longer, or made up', async () => {
    const clock = new FakeClock();
    const sessions = new Sessions(KEY, clock);
    const { token } = await sessions.open();
    const [id, until, signature] = token.split('.') as [string, string, string];
    const later = (Number.parseInt(until, 36) + 1000).toString(36);
    const forged = [
      `${id}.${later}.${signature}`,
      `${'A'.repeat(22)}.${until}.${signature}`,
      `${id}.${until}.${'A'.repeat(43)}`,
      `${id}.${until}.`,
      `${id}.${until}`,
      `${token}x`,
      ` ${token}`,
      '',
      'x'.repeat(100_000),
    ];
    for (const other of forged) expect(await sessions.read(other)).toBeUndefined();
    expect(await sessions.read(token)).toBeDefined();
  });

  it('is another each time, and its token holds nothing of the key', async () => {
    const sessions = new Sessions(KEY, new FakeClock());
    const tokens = await Promise.all(Array.from({ length: 50 }, () => sessions.open()));
    expect(new Set(tokens.map(({ session }) => session.id)).size).toBe(50);
    const text = tokens.map(({ token }) => token).join();
    for (const form of [KEY, Buffer.from(KEY).toString('base64url')]) expect(text).not.toContain(form);
  });
});

describe('the sessions of an admin key that may change', () => {
  it('end when the key does, and need none when there is none', async () => {
    const clock = new FakeClock();
    let key: string | undefined = KEY;
    const sessions = sessionsOf(() => key, clock);
    const { token } = (await sessions()?.open()) ?? { token: '' };
    expect(await sessions()?.read(token)).toBeDefined();
    key = 'another-key';
    expect(await sessions()?.read(token)).toBeUndefined();
    key = '';
    expect(sessions()).toBeUndefined();
    key = KEY;
    expect(await sessions()?.read(token)).toBeDefined();
  });
});

describe('sessions that were ended', () => {
  it('are remembered until they would end by themselves, and no more than so many', () => {
    const clock = new FakeClock();
    const ended = new EndedSessions(clock);
    ended.add('short', clock.now() + 10);
    for (let i = 0; i < 1000; i++) ended.add(`s${i}`, clock.now() + SESSION_MS);
    expect(ended.has('s999')).toBe(true);
    expect(ended.has('short')).toBe(false);
    clock.advance(SESSION_MS);
    ended.add('new', clock.now() + SESSION_MS);
    expect(ended.has('s999')).toBe(false);
    expect(ended.has('new')).toBe(true);
  });
});
