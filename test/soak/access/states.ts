import { Agent, request } from 'node:http';
import { networkInterfaces } from 'node:os';
import { Sessions } from '../../../src/dashboard/session.js';

export const ADMIN_KEY = 'the-right-admin-key-0123456789';
export const PROXY_KEY = 'alices-proxy-key-0123456789';

/** What a request brings to show who it is, and whether that is the admin key where one is set. */
export interface Credential {
  readonly name: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly query?: string;
  /** `session`: the dashboard alone. */
  readonly opens: 'all' | 'session' | 'nothing';
}

/** The name that a dashboard's cookie has on a port. */
const cookie = (port: number, token: string) => ({ Cookie: `tmdb_proxy_session_${port}=${token}` });

/** Tokens of sessions: one as it should be, and three that must open nothing. */
interface Tokens {
  readonly good: string;
  readonly ended: string;
  readonly ofAnotherKey: string;
  readonly prolonged: string;
}

/** `now`: ms since epoch. Each takes a key derivation, so they are made once for all listeners. */
export async function tokensAt(now: number): Promise<Tokens> {
  const token = async (key: string, at: number) => (await new Sessions(key, { now: () => at }).open()).token;
  const good = await token(ADMIN_KEY, now);
  const end = good.split('.')[1]!;
  const later = (Number.parseInt(end, 36) + DAY_MS).toString(36);
  return {
    good,
    ended: await token(ADMIN_KEY, now - DAY_MS),
    ofAnotherKey: await token('another key', now),
    prolonged: good.replace(end, later),
  };
}

const DAY_MS = 24 * 3_600_000;

/** Every state of credentials, for a listener on `port`. */
export function credentialsFor(port: number, tokens: Tokens): readonly Credential[] {
  const fields = (name: string, opens: Credential['opens'], given: Record<string, string>): Credential => ({
    name,
    opens,
    fields: given,
  });
  const X = 'X-API-Key';
  const A = 'Authorization';
  return [
    { name: 'nothing', opens: 'nothing' },
    fields('the right key as X-API-Key', 'all', { [X]: ADMIN_KEY }),
    fields('the right key as Bearer', 'all', { [A]: `Bearer ${ADMIN_KEY}` }),
    fields('a wrong key as X-API-Key', 'nothing', { [X]: 'wrong' }),
    fields('a wrong key as Bearer', 'nothing', { [A]: 'Bearer wrong' }),
    fields('X-API-Key right, Bearer wrong', 'all', { [X]: ADMIN_KEY, [A]: 'Bearer wrong' }),
    fields('X-API-Key wrong, Bearer right', 'all', { [X]: 'wrong', [A]: `Bearer ${ADMIN_KEY}` }),
    fields('the right key as a password', 'nothing', { [A]: `Basic ${btoa(`admin:${ADMIN_KEY}`)}` }),
    fields('the right key in another case', 'nothing', { [X]: ADMIN_KEY.toUpperCase() }),
    fields('the right key and more', 'nothing', { [X]: `${ADMIN_KEY}0` }),
    {
      name: 'the right key in the query',
      opens: 'nothing',
      query: `api_key=${ADMIN_KEY}&key=${ADMIN_KEY}&x-api-key=${ADMIN_KEY}&token=${ADMIN_KEY}`,
    },
    fields('a session', 'session', cookie(port, tokens.good)),
    fields('a session that has run out', 'nothing', cookie(port, tokens.ended)),
    fields('a session of another admin key', 'nothing', cookie(port, tokens.ofAnotherKey)),
    fields('a session whose end was changed', 'nothing', cookie(port, tokens.prolonged)),
    fields('the right key as a session', 'nothing', cookie(port, ADMIN_KEY)),
    fields('a proxy key', 'nothing', { [A]: `Bearer ${PROXY_KEY}`, [X]: PROXY_KEY }),
  ]; // prettier-ignore
}

/** Where a request comes from. */
export interface Origin {
  readonly name: string;
  /** The address it is sent to, and so comes from. */
  readonly address: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Whether it counts as this machine. */
  readonly local: boolean;
}

const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
const addressOf = (family: 'IPv4' | 'IPv6', internal: boolean) =>
  addresses.find(
    (one) => one.family === family && one.internal === internal && !one.address.startsWith('fe80:'),
  )?.address;
const outside = addressOf('IPv4', false);
const outside6 = addressOf('IPv6', false);
/** Whether this machine has IPv6 at all. */
export const HAS_IPV6 = addressOf('IPv6', true) !== undefined;

const LOOPBACK = { address: '127.0.0.1', fields: {}, local: true };
/** A machine without a network has no other address to ask from. */
export const ORIGINS: readonly Origin[] = [
  { ...LOOPBACK, name: 'loopback' },
  {
    ...LOOPBACK,
    name: 'loopback, X-Forwarded-For: 127.0.0.1',
    fields: { 'X-Forwarded-For': '127.0.0.1' },
    local: false,
  },
  { ...LOOPBACK, name: 'loopback, Forwarded', fields: { Forwarded: 'for=127.0.0.1' }, local: false },
  {
    ...LOOPBACK,
    name: 'loopback, another site’s page',
    fields: { 'Sec-Fetch-Site': 'cross-site' },
    local: false,
  },
  ...(outside === undefined
    ? []
    : [
        { name: 'outside', address: outside, fields: {}, local: false },
        {
          name: 'outside, X-Forwarded-For: 127.0.0.1',
          address: outside,
          fields: { 'X-Forwarded-For': '127.0.0.1', Forwarded: 'for=127.0.0.1' },
          local: false,
        },
      ]),
]; // prettier-ignore

/** The same over IPv6, as far as the machine has it. */
export const IPV6_ORIGINS: readonly Origin[] = [
  ...(HAS_IPV6
    ? [
        { name: 'loopback, IPv6', address: '::1', fields: {}, local: true },
        {
          name: 'loopback, IPv6, X-Forwarded-For: ::1',
          address: '::1',
          fields: { 'X-Forwarded-For': '::1' },
          local: false,
        },
      ]
    : []),
  ...(outside6 === undefined
    ? []
    : [
        {
          name: 'outside, IPv6, X-Forwarded-For: ::1',
          address: outside6,
          fields: { 'X-Forwarded-For': '::1' },
          local: false,
        },
        { name: 'outside, IPv6', address: outside6, fields: {}, local: false },
      ]),
]; // prettier-ignore

const agent = new Agent({ keepAlive: true, maxSockets: 8 });

/** The status of an answer, whose body is let go. */
export function statusOf(
  to: { readonly address: string; readonly port: number },
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: to.address, port: to.port, method, path, headers, agent }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode!));
    });
    asked.on('error', reject).end();
  });
}
