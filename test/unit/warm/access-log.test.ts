import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { mostLogged } from '../../../src/cli/warm/sources.js';
import { Frequencies, loggedRead } from '../../../src/warm/access-log.js';
import { bytesOf, gathered, tmdb } from './sites.js';

const own = (path: string, more: object = {}) =>
  JSON.stringify({ level: 'info', method: 'GET', path, status: 200, msg: 'request', ...more });
const combined = (target: string, status = 200, method = 'GET') =>
  `192.0.2.7 - - [31/Jan/2026:10:00:00 +0000] "${method} ${target} HTTP/1.1" ${status} 512 "-" "curl/8"`;

async function most(lines: readonly string[], top = 10): Promise<string[]> {
  return gathered(mostLogged(tmdb, bytesOf(lines.join('\n')), top));
}

describe('a line of an access log', () => {
  it('tells its target, in each of the formats', () => {
    expect(loggedRead(own('/3/movie/550'))).toEqual({ target: '/3/movie/550', times: 1 });
    expect(loggedRead(own('/3/movie/550', { hits: 12 }))).toEqual({ target: '/3/movie/550', times: 12 });
    expect(loggedRead(combined('/3/tv/1?language=de'))).toEqual({ target: '/3/tv/1?language=de', times: 1 });
    expect(loggedRead(combined('/3/tv/1', 304, 'HEAD'))).toEqual({ target: '/3/tv/1', times: 1 });
  });

  it.each([
    own('/3/movie/550', { status: 404 }),
    own('/3/movie/550/rating', { method: 'POST' }),
    combined('/3/movie/550', 502),
    combined('/3/movie/550', 200, 'POST'),
    '{"cut off',
    'null',
    '',
  ])('of anything but an answered GET or HEAD tells nothing: %s', (line) => {
    expect(loggedRead(line)).toBeUndefined();
  });
});

describe('what a log has most of', () => {
  it('is counted by what would be cached, whoever asked with which key', async () => {
    const lines = [
      combined('/3/movie/1?language=de&api_key=one'),
      combined('/3/movie/1?api_key=two&language=de'),
      combined('/3/movie/2?api_key=one'),
      own('/3/movie/3', { hits: 3 }),
    ];
    expect(await most(lines)).toEqual(['/3/movie/3', '/3/movie/1?language=de', '/3/movie/2']);
    expect(await most(lines, 1)).toEqual(['/3/movie/3']);
  });

  it('credentials and personal paths of a log never become targets', async () => {
    const lines = [
      combined('/3/movie/550?api_key=SECRET'),
      own('/3/movie/551?api_key=***'),
      combined('/3/account/7?session_id=SECRET'),
      own('/3/movie/550/account_states?session_id=***'),
      combined('/3/guest_session/SECRET/rated/movies'),
      combined('/3/authentication/token/new?api_key=SECRET'),
      own('/3/search/movie?query=***'),
      combined('/3/movie/6&api_key=SECRET'),
    ];
    expect(await most(lines)).toEqual(['/3/movie/550', '/3/movie/551']);
  });

  it('may be gzipped, as rotated logs are', async () => {
    const bytes = bytesOf(gzipSync(`${combined('/3/movie/550')}\n`));
    expect(await gathered(mostLogged(tmdb, bytes, 5))).toEqual(['/3/movie/550']);
  });

  it('is told to be no log when no line of it is one', async () => {
    await expect(most(['hello', 'world'])).rejects.toThrow(/common and combined log format/);
  });

  it('is counted in bounded memory: the rarest are forgotten', () => {
    const frequencies = new Frequencies(100);
    for (let i = 0; i < 5000; i++) {
      frequencies.add('/often', 1);
      frequencies.add(`/rare/${i}`, 1);
    }
    const top = frequencies.top(1000);
    expect(top[0]).toBe('/often');
    expect(top.length).toBeLessThanOrEqual(100);
  });
});
