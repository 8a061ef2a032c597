import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PATIENCE_MS } from '../../support/patience.js';
import { type ProxyProcess, pointedAt, startProxy } from '../../support/proxy-process.js';
import { get } from '../../support/raw-client.js';
import { Soak } from '../../support/soak.js';
import { type Mirror, reflected, startMirror } from './mirror.js';
import { send } from './pairs.js';

const soak = new Soak('answers');
/** REQUEST_TIMEOUT, ms. */
const TIMEOUT_MS = 5000;
const OK = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nCache-Control: public, max-age=600\r\n';

let mirror: Mirror;
let proxies: ProxyProcess[];

beforeAll(async () => {
  mirror = await startMirror();
  const common = {
    WORKERS: '1',
    UPSTREAM_RATE: '100000',
    REQUEST_TIMEOUT: String(TIMEOUT_MS / 1000),
    MAX_RETRIES: '0',
  };
  proxies = await Promise.all([
    startProxy({ quiet: true, env: pointedAt(mirror.url, common) }),
    startProxy({ quiet: true, env: { ...common, UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: mirror.url } }),
  ]);
});
afterAll(async () => {
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  mirror.close();
  soak.end();
});

/** Heads with which an origin, or whoever can write into one, tries to end a field early or to add an answer of its own. */
const INJECTIONS: Record<string, string> = {
  'a bare line feed in a value': `${OK}X-A: a\nSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\n{}`,
  'a bare carriage return in a value': `${OK}X-A: a\rSet-Cookie: evil=1\r\nContent-Length: 2\r\n\r\n{}`,
  'a NUL in a value': `${OK}X-A: a\0b\r\nContent-Length: 2\r\n\r\n{}`,
  'a folded line': `${OK}X-A: a\r\n Set-Cookie: evil=1\r\nContent-Length: 2\r\n\r\n{}`,
  'a space before the colon': `${OK}Set-Cookie : evil=1\r\nContent-Length: 2\r\n\r\n{}`,
  'two lengths': `${OK}Content-Length: 2\r\nContent-Length: 6\r\n\r\n{}evil`,
  'a length beside chunks': `${OK}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
  'a second answer behind the first': `${OK}Content-Length: 2\r\n\r\n{}${OK}Content-Length: 15\r\n\r\n{"evil":"split"}`,
};

it.each(Object.entries(INJECTIONS))('%s of the origin harms no other answer', async (name, bytes) => {
  const path = `/3/movie/${soak.inputs['injections of the origin'] ?? 0}`;
  soak.input('injections of the origin');
  for (const { url } of proxies) {
    mirror.raw.set(path, bytes);
    const first = await soak.timed(() => get(url + path));
    mirror.raw.delete(path);
    const own = /^\{\}$/.test(first.body.toString());
    if (!own) expect(first.status, name).toBe(502);
    expect(first.headers['set-cookie']).toBeUndefined();
    // Whoever asks next, for this or for another thing, gets what the origin says of that.
    for (const next of ['/3/movie/9000001', '/3/movie/9000002', '/3/movie/9000003']) {
      const other = await soak.timed(() => get(`${url}${next}${path.at(-1)}`));
      expect(reflected(other.body)?.target.split('?')[0]).toBe(`${next}${path.at(-1)}`);
    }
    if (own) continue;
    const again = await soak.timed(() => get(url + path));
    if (again.status === 200) expect(reflected(again.body)?.target.split('?')[0]).toBe(path);
  }
});

const SUFFIXES = [
  '/x.jpg',
  '.css',
  '/..%2fx.js',
  '%2ejs',
  ';x.css',
  '%3bx.css',
  '%23x.css',
  '/%2e%2e/static/x.js',
  '?x.css',
  '%00x.css',
  '%0ax.css',
  '//x.ico',
  '/robots.txt',
]; // prettier-ignore
const PERSONAL = [
  '/3/account',
  '/3/account/7/favorite/movies',
  '/3/Account/7',
  '/4/account/7/lists',
  '/3/guest_session/g/rated/movies',
  '/3/list/1',
  '/3/movie/5/account_states',
  '/3/authentication',
]; // prettier-ignore

it.each(PERSONAL)(
  '%s is nobody else’s, whatever a path is made to look like (cache deception)',
  async (path) => {
    const [table] = proxies;
    for (const suffix of SUFFIXES) {
      soak.input('paths of somebody’s own, dressed as files');
      const fieldsOf = (user: string) => ['Cookie', `user=${user}`, 'Accept', 'text/css,*/*'];
      const ask = (user: string) =>
        soak.timed(() =>
          send(table!.url, { method: 'GET', target: path + suffix, fields: fieldsOf(user), body: '' }, 0),
        );
      const [alice, mallory] = [await ask('alice'), await ask('mallory')];
      expect(mallory.body.toString(), suffix).not.toContain('alice');
      if (alice.status !== 200) continue;
      expect(alice.fields['x-cache'], suffix).toBe('BYPASS');
      expect(alice.fields['cache-control'], suffix).toBe('private, no-store');
      expect(reflected(mallory.body)?.fields.cookie).toBe('user=mallory');
    }
  },
);

it('with a session, a token or a login in the query nothing is shared, however its name is written', async () => {
  const names = [
    'session_id',
    'Session_ID',
    'session%5fid',
    'session_id[]',
    'guest_session_id',
    'request_token',
    'a=1;session_id',
    'a=1%3Bsession_id',
  ]; // prettier-ignore
  for (const name of names) {
    const ask = () => soak.timed(() => get(`${proxies[0]!.url}/3/movie/77?${name}=s`));
    for (const got of [await ask(), await ask()]) expect(got.headers['x-cache'], name).toBe('BYPASS');
  }
});

it('a value with a control character is refused before anybody is asked (HMC)', async () => {
  for (const { url } of proxies)
    for (const character of ['\0', '\x07', '\n', '\r', '\x7f']) {
      soak.input('control characters in values');
      const head = `GET /3/movie/88 HTTP/1.1\r\nHost: h\r\nX-A: a${character}b\r\nConnection: close\r\n\r\n`;
      const answer = await soak.timed(() => sendBytes(Number(new URL(url).port), head));
      expect(answer.slice(0, 12)).toBe('HTTP/1.1 400');
    }
});

/** All that comes until the connection is closed; `bytes`: latin1. */
function sendBytes(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}

it('none of all this kept anybody waiting', () => {
  expect(soak.longestStallMs).toBeLessThan(TIMEOUT_MS + PATIENCE_MS);
});
