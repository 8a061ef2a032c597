import { readFileSync, statSync } from 'node:fs';
import type { Config } from '../config/config.js';
import { parseKeys } from '../tenants/keys-file.js';
import { KeysMistake, type TenantRecord } from '../tenants/records.js';
import { united } from '../tenants/registry.js';
import { type Finding, fail, ok, type Part, reasonOf, warn } from './finding.js';

const PART = 'proxy keys';

/** Whether the keys of clients can be read, and whether others can read their file. */
export function proxyKeysPart({ clients }: Pick<Config, 'clients'>): Part {
  return { name: PART, look: async () => looked(clients.proxyKeys, clients.proxyKeysFile) };
}

function looked(variable: string | undefined, path: string | undefined): Finding[] {
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
    return [counted(united(own, filed)), ...modeOf(path)];
  } catch (thrown) {
    return mistakesOf('PROXY_KEYS', thrown);
  }
}

function counted(tenants: readonly TenantRecord[]): Finding {
  const keys = tenants.flatMap((tenant) => tenant.keys).filter(({ revoked }) => revoked === undefined).length;
  const found = `${tenants.length} tenants, ${keys} keys`;
  return keys > 0
    ? ok(PART, found)
    : warn(PART, `${found}: every client is refused`, 'run tmdb-cache-proxy keys add TENANT');
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
