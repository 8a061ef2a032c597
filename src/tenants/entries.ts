import { ANONYMOUS, hashOf, isTenantName, parseDate, parseHash, SHORTEST_KEY } from './key-text.js';
import {
  areClasses,
  isBurst,
  isQuota,
  isRate,
  type KeyRecord,
  KeysMistake,
  type TenantRecord,
  WANTED,
} from './records.js';

/** The members of an entry that are the tenant's, while it is being read. */
type Draft = { -readonly [Member in keyof TenantRecord]: TenantRecord[Member] };

const FORM = 'write tenant=key, then members such as ;rate=10;quota=50000';

/**
 * Reads entries of `PROXY_KEYS`, separated by commas or new lines: `tenant=key[;rate=10][;burst=20][;quota=50000]
 * [;classes=detail+image][;expires=2027-01-31][;diagnostics]`. A key may be given as `sha256:` and its digest. A tenant
 * with several entries has several keys; `expires` is the key's, the rest the tenant's. Throws a KeysMistake.
 */
export function parseEntries(text: string): TenantRecord[] {
  const tenants = new Map<string, Draft>();
  const mistakes: string[] = [];
  const entries = text
    .split(/\r?\n/)
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) readEntry(entry, index + 1, tenants, mistakes);
  if (mistakes.length > 0) throw new KeysMistake(mistakes);
  return [...tenants.values()];
}

function readEntry(entry: string, number: number, tenants: Map<string, Draft>, mistakes: string[]): void {
  const [head = '', ...members] = entry.split(';').map((part) => part.trim());
  const parts = /^([^=:]*?)\s*[=:]\s*(.*)$/.exec(head);
  const name = parts?.[1] ?? head;
  if (parts === null && head !== ANONYMOUS) {
    // What stands there may be a key: it is not repeated.
    mistakes.push(`entry ${number}: ${FORM}`);
    return;
  }
  if (!isTenantName(name)) {
    mistakes.push(
      `entry ${number}: a tenant's name is up to 64 lower-case letters, digits, ".", "_" and "-"; ${FORM}`,
    );
    return;
  }
  const tenant = tenants.get(name) ?? { name, diagnostics: false, keys: [] };
  tenants.set(name, tenant);
  const say = (member: string, advice: string) => mistakes.push(`${name}: ${member} ${advice}`);
  const expires = readMembers(members, tenant, say);
  if (name === ANONYMOUS) {
    if (parts !== null && parts[2] !== '') say('key', 'must be left out: it is for those who send none');
    return;
  }
  const key = parts![2]!;
  if (key === '' || /[^\x21-\x7e]/.test(key)) {
    say('key', 'is missing or holds a space or a character that is no visible ASCII');
    return;
  }
  if (key.startsWith('sha256:') && parseHash(key) === undefined) {
    say('key', 'must be sha256: and 43 characters of base64url or 64 of hex');
    return;
  }
  tenant.keys = [...tenant.keys, keyOf(key, String(tenant.keys.length + 1), expires)];
}

function keyOf(text: string, id: string, expires: number | undefined): KeyRecord {
  const given = parseHash(text);
  return {
    id,
    hash: given ?? hashOf(text),
    ...(expires !== undefined && { expires }),
    ...(given === undefined && text.length < SHORTEST_KEY && { weak: true }),
  };
}

type Say = (member: string, advice: string) => void;

/** Reads an entry's members into its tenant; answers when the key ends. */
function readMembers(members: readonly string[], tenant: Draft, say: Say): number | undefined {
  let expires: number | undefined;
  for (const member of members) {
    if (member === '') continue;
    const equals = member.indexOf('=');
    const name = (equals < 0 ? member : member.slice(0, equals)).trim();
    const value = equals < 0 ? '' : member.slice(equals + 1).trim();
    if (name === 'expires') {
      expires = parseDate(value);
      if (expires === undefined) say('expires', WANTED.expires);
    } else {
      readMember(name, value, tenant, say);
    }
  }
  return expires;
}

function readMember(name: string, value: string, tenant: Draft, say: Say): void {
  const number = /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (name === 'rate') put(tenant, name, isRate(number) ? number : undefined, say);
  else if (name === 'burst') put(tenant, name, isBurst(number) ? number : undefined, say);
  else if (name === 'quota') put(tenant, name, isQuota(number) ? number : undefined, say);
  else if (name === 'classes') {
    const classes = value.split('+').map((part) => part.trim());
    put(tenant, name, areClasses(classes) ? classes : undefined, say);
  } else if (name === 'diagnostics') {
    if (value === '' || value === 'true' || value === 'false') tenant.diagnostics = value !== 'false';
    else say(name, 'stands alone, or is true or false');
  } else {
    // An unknown name may be part of a key with a semicolon in it: it is not repeated.
    say('a member', 'is unknown: there are rate, burst, quota, classes, expires and diagnostics');
  }
}

/** The tenant's own members may stand in any of its entries, in several only if they agree. Undefined: not as it must be. */
function put<M extends 'rate' | 'burst' | 'quota' | 'classes'>(
  tenant: Draft,
  member: M,
  value: NonNullable<Draft[M]> | undefined,
  say: Say,
): void {
  if (value === undefined) {
    say(member, member === 'classes' ? `${WANTED.classes}, joined with +` : WANTED[member]);
    return;
  }
  const known = tenant[member];
  if (known !== undefined && String(known) !== String(value))
    say(member, 'differs from one entry to the next');
  tenant[member] = value;
}
