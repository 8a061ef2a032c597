import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PATIENCE_MS } from '../../support/patience.js';
import { within } from '../../support/region.js';
import { Soak } from '../../support/soak.js';
import { Authority, type Certificate } from './certificates.js';
import { ask, judge, Switches, type Title, untroubled, World, wordOf } from './world.js';

const soak = new Soak('transport');
const NAME = 'api.test';

/** What a connection to the origin meets. */
type Mode =
  /** TLS with this certificate, and behind it the sample origin, or these bytes (then silence, or the end). */
  | { readonly tls: Certificate; readonly bytes?: string; readonly end?: boolean }
  | { readonly plain: true }
  | { readonly silent: true }
  | { readonly reset: true };

/** The origin's front: what happens to a connection is decided when it comes. */
class Front {
  mode: Mode = { silent: true };
  readonly #sockets = new Set<Socket>();
  readonly #server: Server;
  originPort = 0;

  constructor() {
    this.#server = createServer((socket) => this.#meet(socket));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  /** The mode for all that comes; open connections go. */
  become(mode: Mode): void {
    this.mode = mode;
    for (const socket of this.#sockets) socket.destroy();
  }

  close(): void {
    this.#server.close();
    this.become({ silent: true });
  }

  #meet(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
    const { mode } = this;
    if ('reset' in mode) socket.resetAndDestroy();
    else if ('plain' in mode) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
    else if ('tls' in mode) this.#encrypted(socket, mode);
  }

  #encrypted(socket: Socket, { tls, bytes, end }: Extract<Mode, { tls: Certificate }>): void {
    const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(tls) });
    secure.on('error', () => {});
    if (bytes === undefined) {
      const behind = connect(this.originPort, '127.0.0.1');
      behind.on('error', () => secure.destroy()).on('close', () => secure.destroy());
      secure.on('close', () => behind.destroy());
      secure.pipe(behind).pipe(secure);
      return;
    }
    secure.once('data', () => {
      secure.write(bytes, 'latin1');
      if (end === true) socket.resetAndDestroy();
    });
  }
}

const front = new Front();
const switches = new Switches();
const authority = new Authority();
const good = authority.issue(NAME);
let world: World;

/** A breaker's rest, and what a busy machine adds, ms. */
const REST_MS = 8000 + PATIENCE_MS;
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** What goes wrong below HTTP or in its head, and the statuses for a title that is not stored. */
type Fault = readonly [name: string, mode: Mode, statuses: readonly number[], dns?: boolean];
const FAULTS: readonly Fault[] = [
  ['no word after the connection', { silent: true }, [504]],
  ['reset connection', { reset: true }, [502]],
  ['no TLS', { plain: true }, [502]],
  ['certificate of another name', { tls: authority.issue('other.test') }, [502]],
  ['certificate that has expired', { tls: authority.issue(NAME, -1) }, [502]],
  ['certificate of an unknown authority', { tls: strangers() }, [502]],
  ['no such host', { silent: true }, [502], false],
  ['hang inside the head', { tls: good, bytes: `${HEAD}X-Half` }, [504]],
  ['reset inside the head', { tls: good, bytes: `${HEAD}X-Half`, end: true }, [502]],
  ['no HTTP', { tls: good, bytes: 'SSH-2.0-OpenSSH_9.6\r\n' }, [502]],
  ['head without end', { tls: good, bytes: `${HEAD}${'X-A: b\r\n'.repeat(20_000)}` }, [502]],
  ['two lengths', { tls: good, bytes: `${HEAD}Content-Length: 2\r\nContent-Length: 9\r\n\r\n{}` }, [502]],
  ['length of no number', { tls: good, bytes: `${HEAD}Content-Length: 2a\r\n\r\n{}` }, [502]],
  ['chunks of no size', { tls: good, bytes: `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}` }, [502]],
];

function strangers(): Certificate {
  const other = new Authority();
  const certificate = other.issue(NAME);
  other.remove();
  return certificate;
}

beforeAll(async () => {
  const port = await front.listen();
  world = await World.start(2 + 2 * FAULTS.length, {
    ...switches.env,
    TMDB_API_URLS: `https://${NAME}:${port}`,
    NODE_EXTRA_CA_CERTS: authority.path,
  });
  front.originPort = world.origin.port;
});

afterAll(async () => {
  await world.stop();
  front.close();
  switches.remove();
  authority.remove();
  soak.end();
});

async function expectTitle(title: Title, what: string): Promise<void> {
  const seen = await world.ask(title);
  judge(soak, title, seen, what);
  if (seen.status !== 200) soak.lose(`${what}: ${title.path} ${wordOf(seen)}`);
}

async function broken(mode: Mode, dns = true): Promise<void> {
  switches.set({ dns });
  front.become(mode);
  await switches.seen();
}

async function well(): Promise<void> {
  switches.set({});
  front.become({ tls: good });
  await switches.seen();
}

describe('faults of the connection to the origin', () => {
  it(
    'are a stale answer or a 502 or 504 in time, and are over when they are over',
    async () => {
      const json = world.titles.map(([title]) => title);
      await soak.rounds(1, 0.5, async () => {
        await well();
        await world.manage('/cache/clear?type=all');
        for (const [place, [name, mode, statuses, dns]] of FAULTS.entries()) {
          const [stored, unknown] = json.slice(2 + 2 * place, 4 + 2 * place) as [Title, Title];
          await expectTitle(stored, `before ${name}`);
          await world.manage('/cache/purge', { urls: [stored.path], soft: true });
          await broken(mode, dns);
          soak.fault(name);
          const [stale, none] = await Promise.all([world.ask(stored), world.ask(unknown)]);
          judge(soak, stored, stale, name);
          judge(soak, unknown, none, name);
          if (wordOf(stale) !== '200 STALE') soak.lose(`${name}: a stored title saw ${wordOf(stale)}`);
          if (!statuses.includes(none.status)) soak.lose(`${name}: ${wordOf(none)}, not ${statuses.join()}`);
          await well();
          await expectTitle(unknown, `after ${name}`);
          await expectTitle(json[place % 2]!, `after ${name}`);
        }
      });
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.5),
  );

  it(
    'in random sequences cost no stored title and give no wrong byte, and end when they end',
    async () => {
      const [hot, ...cold] = world.titles.map(([title]) => title) as [Title, ...Title[]];
      const renewed = { tls: authority.issue(NAME) };
      const all = [...FAULTS, ['certificate change', renewed, [200]] as const];
      await soak.rounds(1, 0.35, async () => {
        await well();
        await expectTitle(hot, 'before a sequence');
        const stop = untroubled(soak, world, [hot]);
        const left = [...all];
        while (left.length > 0) {
          const [[name, mode, , dns]] = left.splice(Math.floor(soak.random() * left.length), 1) as [Fault];
          await world.manage('/cache/purge', {
            urls: cold.map(({ path }) => path),
            soft: soak.random() < 0.5,
          });
          await broken(mode, dns);
          soak.fault(`${name} in a sequence`);
          await Promise.all(
            cold.slice(0, 8).map(async (title) => {
              const seen = await world.ask(title);
              judge(soak, title, seen, `${name} in a sequence`);
              if (![200, 502, 503, 504].includes(seen.status) || !seen.whole)
                soak.lose(`${name} in a sequence: ${wordOf(seen)}`);
            }),
          );
        }
        await well();
        for (const title of cold.slice(0, 8))
          await within(REST_MS, async () => {
            const seen = await world.ask(title);
            judge(soak, title, seen, 'after a sequence');
            if (seen.status !== 200) throw new Error(`not back: ${title.path} ${wordOf(seen)}`);
          });
        await stop();
      });
      expect(soak.complaints).toEqual([]);
    },
    soak.timeout(0.35),
  );

  it('a new certificate of the same authority is taken without a request lost', async () => {
    const title = world.titles[1]![0];
    await well();
    for (const certificate of [authority.issue(NAME), good]) {
      // Connections that are open stay; new ones meet the new certificate.
      front.mode = { tls: certificate };
      await world.manage('/cache/clear?type=all');
      await Promise.all(
        Array.from({ length: 8 }, async (_, i) => {
          const seen = await ask(`${world.proxy.url}${title.path}?page=${i + 1}`);
          judge(soak, title, seen, 'certificate change');
          if (seen.status !== 200) soak.lose(`certificate change: ${wordOf(seen)}`);
        }),
      );
      soak.fault('certificate change');
    }
    expect(soak.complaints).toEqual([]);
  });
});
