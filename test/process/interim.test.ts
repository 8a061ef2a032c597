import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type HintingOrigin, startHintingOrigin } from '../support/hinting-origin.js';
import { eventually } from '../support/patience.js';
import { type ProxyProcess, startProxy } from '../support/proxy-process.js';

const INTERIM =
  'HTTP/1.1 102 Processing\r\nX-Interim: a\r\n\r\n' +
  'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Interim: b\r\nCache-Status: x; hit\r\n\r\n';
const TOLD =
  'HTTP/1.1 102 Processing\r\nX-Interim: a\r\n\r\n' +
  'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nX-Interim: b\r\n\r\n';

/** Every answer is announced; what is under /validated has to be asked for each time. */
function answer(head: string): string {
  const validated = head.startsWith('GET /validated');
  const fields = `ETag: "1"\r\nCache-Control: ${validated ? 'no-cache' : 'max-age=60'}\r\n`;
  if (/^if-none-match: "1"/im.test(head)) return `${INTERIM}HTTP/1.1 304 Not Modified\r\n${fields}\r\n`;
  return `${INTERIM}HTTP/1.1 200 OK\r\n${fields}Content-Length: 4\r\n\r\nbody`;
}

describe.each(['1', '2'])('interim responses with WORKERS=%s', (WORKERS) => {
  let origin: HintingOrigin;
  let proxy: ProxyProcess;
  beforeAll(async () => {
    origin = await startHintingOrigin(answer);
    proxy = await startProxy({ env: { UPSTREAM_TYPE: 'custom', UPSTREAM_SERVERS: origin.url, WORKERS } });
  });
  afterAll(async () => {
    await proxy.stop();
    await origin.close();
  });
  const sockets: ReturnType<typeof connect>[] = [];
  beforeEach(() => {
    origin.requests.length = 0;
  });
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
  });

  /** Asks on a connection that is kept; resolves with all that came, up to the end of the final response. */
  function dial() {
    const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1').setEncoding('latin1');
    sockets.push(socket);
    return (method: string, path: string) =>
      new Promise<{ interim: string; final: string }>((resolve, reject) => {
        let seen = '';
        const onData = (text: string) => {
          seen += text;
          const start = seen.search(/HTTP\/1\.1 [2-5]/);
          const end = seen.indexOf('\r\n\r\n', start);
          const length =
            method === 'GET' ? Number(/^content-length: (\d+)/im.exec(seen.slice(start))?.[1]) : 0;
          if (start < 0 || end < 0 || seen.length < end + 4 + length) return;
          socket.off('data', onData);
          resolve({ interim: seen.slice(0, start), final: seen.slice(start) });
        };
        socket.on('data', onData);
        socket.once('close', () => reject(new Error(`closed after ${seen}`)));
        socket.write(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      });
  }

  it('a miss has the origin’s, with their fields; a hit has none, and no field of theirs', async () => {
    const ask = dial();
    const miss = await ask('GET', '/fresh');
    expect(miss.interim).toBe(TOLD);
    await eventually(async () => {
      const hit = await ask('GET', '/fresh');
      expect([hit.interim, hit.final.match(/^X-Cache: .*$/m)?.[0]]).toEqual(['', 'X-Cache: HIT']);
      expect(hit.final).not.toMatch(/X-Interim|Link:/i);
    });
    expect(miss.final).not.toMatch(/X-Interim|Link:/i);
  });

  it('a validation has them, and the renewed entry has no field of theirs', async () => {
    const ask = dial();
    await ask('GET', '/validated');
    await eventually(async () => {
      const again = await ask('GET', '/validated');
      expect(again.final).toContain('fwd-status=304');
      expect(again.final).not.toMatch(/X-Interim|Link:/i);
      expect(again.interim).toBe(TOLD);
    });
  });

  it('a pass-through has them', async () => {
    const { interim, final } = await dial()('OPTIONS', '/fresh');
    expect([interim, final.startsWith('HTTP/1.1 200')]).toEqual([TOLD, true]);
  });
});
