import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { Mistakes } from './config/config-error.js';
import { gather, readLayers } from './config/sources.js';
import { ANONYMOUS, CLASSES, isTenantName, parseDate } from './tenants/key-text.js';
import { EditTrouble, editKeys, readKeysText, withNewKey, withoutKey } from './tenants/keys-editor.js';
import { parseKeys } from './tenants/keys-file.js';
import {
  areClasses,
  isBurst,
  isQuota,
  isRate,
  KeysMistake,
  type TenantRecord,
  WANTED,
} from './tenants/records.js';

interface FileOption {
  readonly file?: string;
}

interface AddOptions extends FileOption {
  readonly rate?: number;
  readonly burst?: number;
  readonly quota?: number;
  readonly classes?: string[];
  readonly expires?: number;
  readonly diagnostics?: boolean;
  readonly hex?: boolean;
}

/** `tmdb-cache-proxy keys`: `args` are what follows it on the command line. Sets the exit status: 1 when nothing was done. */
export async function keys(args: readonly string[]): Promise<void> {
  try {
    await command().parseAsync(args, { from: 'user' });
  } catch (error) {
    if (!(error instanceof EditTrouble || error instanceof KeysMistake)) throw error;
    const lines = error instanceof KeysMistake ? error.mistakes : [error.message];
    process.stderr.write(`${lines.map((line) => `tmdb-cache-proxy keys: ${line}`).join('\n')}\n`);
    process.exitCode = 1;
  }
}

function command(): Command {
  const program = new Command('tmdb-cache-proxy keys')
    .description('Adds, lists and revokes the keys of clients. A running proxy follows the file by itself.')
    .helpCommand(false);
  const withFile = (sub: Command) =>
    sub.option('--file <path>', 'the keys file; without it the one that PROXY_KEYS_FILE names');
  withFile(program.command('add <tenant>'))
    .description("make a key and print it, this once; limits that are given are the tenant's from now on")
    .option('--rate <number>', 'requests per second', number(isRate, WANTED.rate))
    .option(
      '--burst <number>',
      "requests at once after a pause (default: one second's worth)",
      number(isBurst, WANTED.burst),
    )
    .option('--quota <number>', 'requests per day (UTC)', number(isQuota, WANTED.quota))
    .option(
      '--classes <names>',
      `what it may ask for, of ${CLASSES.join(', ')}; separated by commas`,
      classes,
    )
    .option('--expires <date>', 'when this key ends: 2027-01-31 (its end, UTC), an instant, or 30d', expiry)
    .option('--diagnostics', 'tell the tenant how its answers came about (X-Cache, Age)')
    .option('--no-diagnostics', 'do not, which is the default')
    .option('--hex', 'a key of 32 hexadecimal digits, for clients that take only what looks like one of TMDB')
    .action(add);
  withFile(program.command('list'))
    .description('print every tenant with its limits and the ids of its keys')
    .option('--json', 'as JSON')
    .action(list);
  withFile(program.command('revoke <tenant-or-id>'))
    .description('revoke one key by its id, or all keys of a tenant')
    .action(revoke);
  return program;
}

async function add(tenant: string, options: AddOptions): Promise<void> {
  if (!isTenantName(tenant) || tenant === ANONYMOUS)
    throw new EditTrouble(
      tenant === ANONYMOUS
        ? `"${ANONYMOUS}" is for those who send no key: give it limits in the file, and no key`
        : 'a tenant\'s name is up to 64 lower-case letters, digits, ".", "_" and "-", the first a letter or digit',
    );
  const { file, expires, hex, ...limits } = options;
  let made: { id: string; key: string } | undefined;
  const path = fileOf(file);
  const { converted } = await editKeys(path, (tenants) => {
    const after = withNewKey(tenants, tenant, limits, {
      created: Date.now(),
      expires,
      form: hex === true ? 'hex' : 'own',
    });
    made = after;
    return after.tenants;
  });
  // The key alone goes to standard output, so that it can be piped where it belongs.
  process.stderr.write(`${convertedNote(converted)}Key ${made!.id} of ${tenant}, shown only this once:\n`);
  process.stdout.write(`${made!.key}\n`);
}

function list({ file, json }: FileOption & { json?: boolean }): void {
  const path = fileOf(file);
  const text = readKeysText(path);
  if (text === undefined)
    throw new EditTrouble(`${path} does not exist; "tmdb-cache-proxy keys add <tenant>" makes it`);
  const tenants = parseKeys(text);
  process.stdout.write(
    json === true ? `${JSON.stringify(tenants.map(shown), undefined, 2)}\n` : table(tenants),
  );
}

async function revoke(idOrName: string, { file }: FileOption): Promise<void> {
  const path = fileOf(file);
  if (readKeysText(path) === undefined)
    throw new EditTrouble(`${path} does not exist; give another with --file`);
  let revoked = 0;
  const { converted } = await editKeys(path, (tenants) => {
    const after = withoutKey(tenants, idOrName, Date.now());
    if (!after.found)
      throw new EditTrouble(
        'there is no such key or tenant with keys; "tmdb-cache-proxy keys list" shows them',
      );
    revoked = after.revoked;
    return after.tenants;
  });
  const done = revoked === 0 ? 'It was revoked before' : `Revoked ${revoked} key${revoked === 1 ? '' : 's'}`;
  process.stderr.write(`${convertedNote(converted)}${done}. A running proxy refuses it within 3 seconds.\n`);
}

function convertedNote(converted: boolean): string {
  return converted
    ? 'The file held entries of PROXY_KEYS; it is JSON now, with digests in place of keys.\n'
    : '';
}

function fileOf(option: string | undefined): string {
  if (option !== undefined) return resolve(option);
  const mistakes = new Mistakes();
  const sources = {
    env: process.env,
    cwd: process.cwd(),
    configFile: undefined,
    readFile: (path: string) => readFileSync(path, 'utf8'),
  };
  const given = gather(readLayers(sources, mistakes), sources, mistakes).get('PROXY_KEYS_FILE');
  if (given === undefined)
    throw new EditTrouble('which file? Give it with --file, or set PROXY_KEYS_FILE as the proxy has it');
  return resolve(given.text);
}

/** What is shown of a tenant: everything but digests. */
function shown({ keys: all, expires, ...tenant }: TenantRecord) {
  return {
    ...tenant,
    expires: iso(expires),
    keys: all.map((key) => ({
      id: key.id,
      created: iso(key.created),
      expires: iso(key.expires),
      revoked: iso(key.revoked),
    })),
  };
}

function table(tenants: readonly TenantRecord[]): string {
  if (tenants.length === 0) return 'There is no tenant yet.\n';
  return tenants
    .map((tenant) => {
      const { rate, burst, quota, classes: allowed, expires, diagnostics } = tenant;
      const limits = [
        rate !== undefined && `${rate} a second`,
        burst !== undefined && `${burst} at once`,
        quota !== undefined && `${quota} a day`,
        allowed?.join('+'),
        expires !== undefined && `until ${iso(expires)}`,
        diagnostics && 'diagnostics',
      ].filter((limit) => typeof limit === 'string');
      const rows = tenant.keys.map((key) => `  ${key.id.padEnd(8)}${stateOf(key)}\n`);
      return `${tenant.name}: ${limits.length === 0 ? 'no limits' : limits.join(', ')}\n${rows.join('')}`;
    })
    .join('');
}

function stateOf({ created, expires, revoked }: TenantRecord['keys'][number]): string {
  const parts = [
    created !== undefined && `made ${iso(created)}`,
    revoked !== undefined
      ? `revoked ${iso(revoked)}`
      : expires !== undefined && `${expires <= Date.now() ? 'expired' : 'until'} ${iso(expires)}`,
  ];
  return parts.filter((part) => part !== false).join(', ');
}

function iso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString();
}

function number(isGood: (value: number) => boolean, wanted: string): (text: string) => number {
  return (text) => {
    const value = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    if (!isGood(value)) throw new InvalidArgumentError(`It ${wanted}.`);
    return value;
  };
}

function classes(text: string): string[] {
  const names = text.split(/[,+]/).map((name) => name.trim());
  if (!areClasses(names)) throw new InvalidArgumentError(`It ${WANTED.classes}.`);
  return names;
}

const DAY_MS = 86_400_000;

function expiry(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDate(text) : Date.now() + Number(days) * DAY_MS;
  if (ms === undefined) throw new InvalidArgumentError(`It ${WANTED.expires}, or days from now such as 30d.`);
  return ms;
}
