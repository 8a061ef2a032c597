import { z } from 'zod';
import { parseEntries } from './entries.js';
import { isTenantName, parseDate, parseHash, printHash } from './key-text.js';
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

const instant = z
  .string()
  .refine((text) => parseDate(text) !== undefined, WANTED.expires)
  .nullish();

const keySchema = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9]{1,32}$/, 'must be up to 32 letters and digits'),
  hash: z
    .string()
    .refine(
      (text) => parseHash(text) !== undefined,
      'must be sha256: and 43 characters of base64url or 64 of hex',
    ),
  created: instant,
  expires: instant,
  revoked: instant,
});

const tenantSchema = z.strictObject({
  rate: z.number().refine(isRate, WANTED.rate).nullish(),
  burst: z.number().refine(isBurst, WANTED.burst).nullish(),
  quota: z.number().refine(isQuota, WANTED.quota).nullish(),
  classes: z.array(z.string()).refine(areClasses, WANTED.classes).nullish(),
  expires: instant,
  diagnostics: z.boolean().optional(),
  keys: z.array(keySchema).optional(),
});

const fileSchema = z.strictObject({
  version: z.literal(1, 'must be 1: the file is of another version of this program'),
  tenants: z.record(
    z.string().refine(isTenantName, 'is no name for a tenant: use up to 64 of a-z, 0-9, ".", "_" and "-"'),
    tenantSchema,
  ),
});

type TenantText = z.infer<typeof tenantSchema>;

/**
 * Reads a keys file, or the text of `PROXY_KEYS`: JSON where it begins with a brace, else one entry of `PROXY_KEYS` a line.
 * Throws a KeysMistake with every mistake there is.
 */
export function parseKeys(text: string): TenantRecord[] {
  const plain = text.replace(/^\ufeff/, '').trim();
  return plain.startsWith('{') ? parseJson(plain) : parseEntries(plain);
}

/** Whether this is the form that `printKeys` writes. */
export function isJsonForm(text: string): boolean {
  return /^\ufeff?\s*\{/.test(text);
}

function parseJson(text: string): TenantRecord[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What the parser says may quote the text.
    throw new KeysMistake(['it is not complete JSON: correct it, or restore what was there before']);
  }
  const read = fileSchema.safeParse(value);
  if (!read.success) throw new KeysMistake(read.error.issues.flatMap(linesOf));
  return Object.entries(read.data.tenants).map(([name, tenant]) => tenantOf(name, tenant));
}

/** Paths are names of members, indices and names of tenants; what stands there is not repeated. */
function linesOf(issue: z.core.$ZodIssue): string[] {
  const place = issue.path.length === 0 ? 'the file' : issue.path.map(String).join('.');
  switch (issue.code) {
    case 'unrecognized_keys':
      return [`${place}: has a member that is unknown; remove it`];
    case 'invalid_type':
      return [`${place}: must be ${issue.expected}`];
    case 'invalid_key':
      return [`${place}: ${issue.issues[0]?.message ?? 'is no name for a tenant'}`];
    default:
      return [`${place}: ${issue.message}`];
  }
}

function tenantOf(name: string, text: TenantText): TenantRecord {
  const { rate, burst, quota, classes, expires, diagnostics = false, keys = [] } = text;
  const end = dateOf(expires);
  return {
    name,
    diagnostics,
    ...(rate != null && { rate }),
    ...(burst != null && { burst }),
    ...(quota != null && { quota }),
    ...(classes != null && { classes }),
    ...(end !== undefined && { expires: end }),
    keys: keys.map(keyOf),
  };
}

function keyOf({ id, hash, created, expires, revoked }: z.infer<typeof keySchema>): KeyRecord {
  const times = { created: dateOf(created), expires: dateOf(expires), revoked: dateOf(revoked) };
  return {
    id,
    hash: parseHash(hash)!,
    ...(times.created !== undefined && { created: times.created }),
    ...(times.expires !== undefined && { expires: times.expires }),
    ...(times.revoked !== undefined && { revoked: times.revoked }),
  };
}

function dateOf(text: string | null | undefined): number | undefined {
  return text == null ? undefined : parseDate(text);
}

/** The file's text; `parseKeys` reads it back. */
export function printKeys(tenants: readonly TenantRecord[]): string {
  const iso = (ms: number | undefined) => (ms === undefined ? null : new Date(ms).toISOString());
  const rows = tenants.map(({ name, rate, burst, quota, classes, expires, diagnostics, keys }) => [
    name,
    {
      rate: rate ?? null,
      burst: burst ?? null,
      quota: quota ?? null,
      classes: classes ?? null,
      expires: iso(expires),
      diagnostics,
      keys: keys.map((key) => ({
        id: key.id,
        hash: printHash(key.hash),
        created: iso(key.created),
        expires: iso(key.expires),
        revoked: iso(key.revoked),
      })),
    },
  ]);
  return `${JSON.stringify({ version: 1, tenants: Object.fromEntries(rows) }, undefined, 2)}\n`;
}
