import { randomBytes } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { hashOf, type KeyForm, newKey } from './key-text.js';
import { isJsonForm, parseKeys, printKeys } from './keys-file.js';
import type { KeyRecord, TenantRecord } from './records.js';

/** The file can't be changed; `message` says what to do. */
export class EditTrouble extends Error {}

/** A lock older than this is nobody's, ms: changing a file takes a moment. */
const LOCK_MS = 10_000;
/** So long, ms, another editor is waited for. */
const PATIENCE_MS = 3000;

export interface EditResult {
  /** It held entries of `PROXY_KEYS`, which are now written as JSON. */
  readonly converted: boolean;
}

/**
 * Changes a keys file under a lock: read, changed, written beside it and renamed over, so that nobody ever reads half of it. A
 * file that is not there yet is made, for its owner alone. Throws EditTrouble, and KeysMistake when it can't be read.
 */
export async function editKeys(
  path: string,
  change: (tenants: readonly TenantRecord[]) => readonly TenantRecord[],
): Promise<EditResult> {
  const real = realPath(path);
  const unlock = await lock(`${real}.lock`);
  try {
    const text = readKeysText(real) ?? '';
    const converted = text.trim() !== '' && !isJsonForm(text);
    const tenants = change(parseKeys(text));
    replaceFile(real, printKeys(converted ? withOwnIds(tenants) : tenants));
    return { converted };
  } finally {
    unlock();
  }
}

/** The text of a keys file; undefined when there is none. Throws EditTrouble. */
export function readKeysText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw trouble(path, 'read', error);
  }
}

/** Entries of `PROXY_KEYS` are numbered within each tenant; in a file every key has an id that no other has. */
function withOwnIds(tenants: readonly TenantRecord[]): TenantRecord[] {
  const taken = new Set(tenants.flatMap(({ keys }) => keys.map(({ id }) => id)));
  return tenants.map((tenant) => ({
    ...tenant,
    keys: tenant.keys.map((key) => {
      if (!/^\d+$/.test(key.id)) return key;
      const { id } = newKey(taken);
      taken.add(id);
      return { ...key, id };
    }),
  }));
}

/** Limits that a tenant is given; what is undefined stays as it is. */
export type NewLimits = Partial<Pick<TenantRecord, 'rate' | 'burst' | 'quota' | 'classes' | 'diagnostics'>>;

/** A new key for a tenant, who is made if there is none. The key itself is nowhere but in the answer. */
export function withNewKey(
  tenants: readonly TenantRecord[],
  name: string,
  limits: NewLimits,
  made: { readonly created: number; readonly expires?: number | undefined; readonly form?: KeyForm },
): { readonly tenants: TenantRecord[]; readonly id: string; readonly key: string } {
  const taken = new Set(tenants.flatMap(({ keys }) => keys.map(({ id }) => id)));
  const { id, key } = newKey(taken, made.form);
  const { created, expires } = made;
  const record: KeyRecord = { id, hash: hashOf(key), created, ...(expires !== undefined && { expires }) };
  const before = tenants.find((tenant) => tenant.name === name);
  const base: TenantRecord = before ?? { name, diagnostics: false, keys: [] };
  const after: TenantRecord = { ...base, ...limits, keys: [...base.keys, record] };
  const changed = before === undefined ? [...tenants, after] : tenants.map((t) => (t === before ? after : t));
  return { tenants: changed, id, key };
}

/**
 * Revokes one key by its id, or all of a tenant by its name. `revoked`: how many were in force. Throws EditTrouble when that
 * names several: nobody asked for all of them.
 */
export function withoutKey(
  tenants: readonly TenantRecord[],
  idOrName: string,
  now: number,
): { readonly tenants: TenantRecord[]; readonly found: boolean; readonly revoked: number } {
  const meant = tenants.flatMap(({ name, keys }) =>
    [name, ...keys.map(({ id }) => id)].filter((text) => text === idOrName).map(() => name),
  );
  if (meant.length > 1)
    throw new EditTrouble(
      `${idOrName} is of several: ${[...new Set(meant)].join(', ')}; revoke a tenant by its name, or change the file itself`,
    );
  let found = false;
  let revoked = 0;
  const after = tenants.map((tenant) => ({
    ...tenant,
    keys: tenant.keys.map((key) => {
      if (key.id !== idOrName && tenant.name !== idOrName) return key;
      found = true;
      if (key.revoked !== undefined) return key;
      revoked += 1;
      return { ...key, revoked: now };
    }),
  }));
  return { tenants: after, found, revoked };
}

/** Where a link leads: it stays one. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

async function lock(path: string): Promise<() => void> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, String(process.pid));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw trouble(path, 'written', error);
    }
    if (isAbandoned(path)) takeAway(path);
    else if (Date.now() > until)
      throw new EditTrouble(`another process is changing the keys file; if there is none, remove ${path}`);
    else await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Removes an abandoned lock, and none that another editor has put in its place since it was looked at. */
function takeAway(path: string): void {
  const aside = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    renameSync(path, aside);
  } catch {
    return; // Another was faster.
  }
  try {
    if (!isAbandoned(aside)) linkSync(aside, path);
  } catch {
    // A third editor has it by now; its own is as good.
  }
  rmSync(aside, { force: true });
}

function isAbandoned(path: string): boolean {
  try {
    if (Date.now() - statSync(path).mtimeMs > LOCK_MS) return true;
    const pid = Number(readFileSync(path, 'utf8'));
    // Just made: its number is not in it yet.
    if (!Number.isSafeInteger(pid) || pid <= 0) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // ENOENT: it has been given back meanwhile; the next try finds out.
    return codeOf(error) === 'ESRCH';
  }
}

function replaceFile(path: string, text: string): void {
  const before = statSync(path, { throwIfNoEntry: false });
  const draft = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    write(draft, 'wx', text, before?.mode ?? 0o600);
    // Root may change a file that the proxy's user is to read.
    if (before !== undefined && process.getuid?.() === 0) chownSync(draft, before.uid, before.gid);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    // A file mounted by itself into a container can't be replaced; the proxy takes nothing that is not whole.
    if (codeOf(error) !== 'EBUSY') throw trouble(path, 'written', error);
    write(path, 'r+', text, 0o600);
    return;
  }
  syncDirectory(dirname(path));
}

function write(path: string, flags: string, text: string, mode: number): void {
  const file = openSync(path, flags, mode & 0o777);
  try {
    // Under a strict umask the proxy's user could not read what it could before.
    if (flags === 'wx') fchmodSync(file, mode & 0o777);
    const bytes = Buffer.from(text);
    writeSync(file, bytes, 0, bytes.length, 0);
    if (flags === 'r+') ftruncateSync(file, bytes.length);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncDirectory(path: string): void {
  try {
    const directory = openSync(path, 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch {
    // Not every system can; the file itself is on the medium.
  }
}

function trouble(path: string, what: string, error: unknown): EditTrouble {
  return new EditTrouble(
    `${path} cannot be ${what} (${codeOf(error) ?? 'unknown error'}); give another with --file`,
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
