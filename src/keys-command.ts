import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { command } from './cli/command.js';
import { ending } from './cli/ending.js';
import { EXIT, type ExitStatus } from './cli/exit-status.js';
import { shownTenant, tenantsTable } from './cli/keys-view.js';
import { Mistakes } from './config/config-error.js';
import { gather, readLayers } from './config/sources.js';
import { plural } from './figures.js';
import { ANONYMOUS, CLASSES, isTenantName, parseDate } from './tenants/key-text.js';
import { EditTrouble, editKeys, readKeysText, withNewKey, withoutKey } from './tenants/keys-editor.js';
import { parseKeys } from './tenants/keys-file.js';
import { areClasses, isBurst, isQuota, isRate, WANTED } from './tenants/records.js';

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

/** `tmdb-cache-proxy keys`: adds, lists and revokes the keys of clients in the file that a proxy follows. */
export function keysCommand(): Command {
  const keys = command(['keys'], {
    summary: 'add, list and revoke the keys of clients',
    description: 'Adds, lists and revokes the keys of clients. A running proxy follows the file by itself.',
    examples: ['keys add living-room --rate 5 --quota 10000', 'keys list', 'keys revoke living-room'],
  });
  const add = sub(
    'add',
    'make a key and print it, this once',
    'keys add living-room --rate 5 --classes detail,image',
  )
    .description("Makes a key and prints it, this once. Limits that are given are the tenant's from now on.")
    .argument('<tenant>', 'up to 64 lower-case letters, digits, ".", "_" and "-"', tenantName)
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
    .action((tenant: string, options: AddOptions) =>
      ending('keys', undefined, () => addKey(tenant, options)),
    );
  const list = sub('list', 'print every tenant with its limits and the ids of its keys', 'keys list --json')
    .option('--json', 'as JSON')
    .action((options: FileOption & { json?: boolean }) =>
      ending('keys', options.json, async () => listKeys(options)),
    );
  const revoke = sub('revoke', 'revoke one key by its id, or all keys of a tenant', 'keys revoke living-room')
    .argument('<tenant-or-id>', 'as list shows them')
    .action((idOrName: string, options: FileOption) =>
      ending('keys', undefined, () => revokeKeys(idOrName, options)),
    );
  for (const each of [add, list, revoke])
    keys.addCommand(
      each.option('--file <path>', 'the keys file; without it the one that PROXY_KEYS_FILE names'),
    );
  return keys;
}

function sub(name: string, summary: string, example: string): Command {
  return command(['keys', name], { summary, examples: [example] });
}

function tenantName(text: string): string {
  if (text === ANONYMOUS)
    throw new InvalidArgumentError(
      `"${ANONYMOUS}" is for those who send no key: give it limits in the file, and no key.`,
    );
  if (isTenantName(text)) return text;
  throw new InvalidArgumentError(
    'A tenant\'s name is up to 64 lower-case letters, digits, ".", "_" and "-", the first a letter or digit.',
  );
}

async function addKey(tenant: string, options: AddOptions): Promise<ExitStatus> {
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
  return EXIT.ok;
}

function listKeys({ file, json }: FileOption & { json?: boolean }): ExitStatus {
  const path = fileOf(file);
  const text = readKeysText(path);
  if (text === undefined)
    throw new EditTrouble(`${path} does not exist; "tmdb-cache-proxy keys add <tenant>" makes it`);
  const tenants = parseKeys(text);
  process.stdout.write(
    json === true ? `${JSON.stringify(tenants.map(shownTenant), undefined, 2)}\n` : tenantsTable(tenants),
  );
  return EXIT.ok;
}

async function revokeKeys(idOrName: string, { file }: FileOption): Promise<ExitStatus> {
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
  const done = revoked === 0 ? 'It was revoked before' : `Revoked ${plural(revoked, 'key')}`;
  process.stderr.write(`${convertedNote(converted)}${done}. A running proxy refuses it within 3 seconds.\n`);
  return EXIT.ok;
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
  if (ms <= Date.now()) throw new InvalidArgumentError('It is over already: the key would never be taken.');
  return ms;
}
