import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { plural } from '../figures.js';
import { SHORTEST_KEY } from '../tenants/key-text.js';
import { parseKeys } from '../tenants/keys-file.js';
import { KeysMistake, type TenantRecord } from '../tenants/records.js';
import { united } from '../tenants/registry.js';
import { type Finding, fail, ok, type Part, reasonOf, warn } from './finding.js';

const PART = 'proxy keys';

/** Whether the keys of clients can be read, and whether others can read their file. */
export function proxyKeysPart({ clients }: Pick<Config, 'clients'>, clock: Clock): Part {
  return { name: PART, look: async () => looked(clients.proxyKeys, clients.proxyKeysFile, clock.now()) };
}

function looked(variable: string | undefined, path: string | undefined, now: number): Finding[] {
  if (variable === undefined && path === undefined)
    return [ok(PART, 'PROXY_KEYS and PROXY_KEYS_FILE are unset: open to every client')];
  const mistakes: Finding[] = [];
  const read = (name: string, text: () => string): TenantRecord[] => {
    try {
      return parseKeys(text());
    } catch (thrown) {
      mistakes.push(...mistakesOf(name, thrown));
      return [];
    }
  };
  const own = variable === undefined ? [] : read('PROXY_KEYS', () => variable);
  const filed = path === undefined ? [] : read(path, () => readFileSync(path, 'utf8'));
  if (mistakes.length > 0) return mistakes;
  try {
    return [...keysOf(united(own, filed), now), ...modeOf(path)];
  } catch (thrown) {
    return mistakesOf('PROXY_KEYS', thrown);
  }
}

/** How many there are that are good at `now` (ms since epoch), and whose can be guessed. */
function keysOf(tenants: readonly TenantRecord[], now: number): Finding[] {
  const isGood = ({ revoked, expires = Number.POSITIVE_INFINITY }: TenantRecord['keys'][number]) =>
    revoked === undefined && expires > now;
  const alive = tenants.filter(({ expires = Number.POSITIVE_INFINITY }) => expires > now);
  const good = alive.map(({ name, keys }) => ({ name, keys: keys.filter(isGood) }));
  const keys = good.flatMap((tenant) => tenant.keys).length;
  const found = `${plural(tenants.length, 'tenant')}, ${plural(keys, 'key')} in force`;
  const weak = good.filter((tenant) => tenant.keys.some((key) => key.weak === true));
  return [
    keys > 0
      ? ok(PART, found)
      : warn(PART, `${found}: every client is refused`, 'run tmdb-cache-proxy keys add TENANT'),
    ...weak.map(({ name }) =>
      warn(
        PART,
        `a key of tenant ${name} is shorter than ${SHORTEST_KEY} characters and can be guessed`,
        `run tmdb-cache-proxy keys add ${name}`,
      ),
    ),
  ];
}

/** Digests, but also who the tenants are. */
function modeOf(path: string | undefined): Finding[] {
  if (path === undefined || process.platform === 'win32') return [];
  const mode = statSync(path).mode & 0o777;
  if ((mode & 0o077) === 0) return [];
  const shown = mode.toString(8).padStart(4, '0');
  return [warn(PART, `${path} can be read by others (mode ${shown})`, `chmod 600 ${path}`)];
}

function mistakesOf(name: string, thrown: unknown): Finding[] {
  const lines = thrown instanceof KeysMistake ? thrown.mistakes : [`cannot be read (${reasonOf(thrown)})`];
  return lines.map((line) =>
    fail(PART, `${name}: ${line}`, 'correct it, or make it anew with tmdb-cache-proxy keys'),
  );
}
