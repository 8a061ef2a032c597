import { compile } from 'proxy-addr';
import type { TmdbCredential, TrustProxy } from './config.js';
import { BadValue, type Kind, kind, splitList } from './kind.js';

const NUMBER = /^\+?(\d+\.?\d*|\.\d+)(e\+?\d+)?$/i;

/** Undefined when the text is no plain, finite, non-negative number. */
function readNumber(text: string): number | undefined {
  const value = NUMBER.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}

export function integer(minimum: number, maximum = Number.MAX_SAFE_INTEGER): Kind<number> {
  const range = maximum === Number.MAX_SAFE_INTEGER ? `${minimum} or more` : `from ${minimum} to ${maximum}`;
  return kind(
    `whole number, ${range}`,
    (text) => {
      const value = readNumber(text);
      if (value === undefined || !Number.isInteger(value) || value < minimum || value > maximum) {
        throw new BadValue(`write a whole number ${range}`);
      }
      return value;
    },
    (value) => value,
  );
}

/** CONTRACT: the budget's variables "take any positive number". */
export const positiveNumber: Kind<number> = kind(
  'positive number',
  (text) => {
    const value = readNumber(text);
    if (value === undefined || value <= 0) throw new BadValue('write a number greater than 0, such as 40');
    return value;
  },
  (value) => value,
);

const SWITCHES: Readonly<Record<string, boolean>> = {
  true: true,
  1: true,
  yes: true,
  on: true,
  false: false,
  0: false,
  no: false,
  off: false,
};

export const boolean: Kind<boolean> = kind(
  'true or false',
  (text) => {
    const value = SWITCHES[text.toLowerCase()];
    if (value === undefined) throw new BadValue('write true or false (also 1, 0, yes, no, on, off)');
    return value;
  },
  (value) => value,
);

/** `USE_REDIS`: undefined is `auto`. */
export const booleanOrAuto: Kind<boolean | undefined> = kind(
  'auto, true or false',
  (text) => {
    if (text.toLowerCase() === 'auto') return undefined;
    const value = SWITCHES[text.toLowerCase()];
    if (value === undefined) throw new BadValue('write auto, true or false');
    return value;
  },
  (value) => value ?? 'auto',
);

export function oneOf<const T extends string>(choices: readonly T[]): Kind<T> {
  return kind(
    choices.join(', '),
    (text) => {
      const choice = choices.find((candidate) => candidate === text.toLowerCase());
      if (choice === undefined) throw new BadValue(`write one of ${choices.join(', ')}`);
      return choice;
    },
    (value) => value,
  );
}

const UNIT_MS = { ms: 1, seconds: 1_000, minutes: 60_000 } as const;
type Unit = keyof typeof UNIT_MS;

const SUFFIX_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  sec: 1_000,
  m: 60_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Longest timer Node keeps (2^31 - 1 ms); a longer one fires at once. */
const LONGEST_TIMER_MS = 2_147_483_647;

export interface DurationLimits {
  /** Whether zero is a duration: "never keep", "do not wait". */
  readonly zero: boolean;
  readonly maxMs?: number;
  /** Why there is a maximum, for the message. */
  readonly because?: string;
}

/** A plain number of the unit that the variable's name has always implied, fractions included; read as ms. */
export function duration(unit: Unit, limits: DurationLimits): Kind<number> {
  const perUnit = UNIT_MS[unit];
  const maxMs = limits.maxMs ?? LONGEST_TIMER_MS;
  const shown = (ms: number) => Number((ms / perUnit).toPrecision(12));
  return kind(
    unit,
    (text) => {
      const value = readNumber(text);
      if (value === undefined) throw new BadValue(`write a number of ${unit}${suffixHint(text, perUnit)}`);
      const ms = Math.round(value * perUnit);
      if (ms > maxMs) {
        const because = limits.because === undefined ? '' : ` (${limits.because})`;
        throw new BadValue(`write at most ${Math.floor(shown(maxMs))} ${unit}${because}`);
      }
      if (ms === 0 && (!limits.zero || value > 0)) {
        throw new BadValue(
          limits.zero ? `write 0, or at least ${shown(1)} ${unit}` : `write more than 0 ${unit}`,
        );
      }
      return ms;
    },
    shown,
  );
}

/** People write `30s`; the answer tells what that is here. */
function suffixHint(text: string, perUnit: number): string {
  const match = /^(\d+\.?\d*|\.\d+)\s*([a-z]+)$/i.exec(text);
  const ms = SUFFIX_MS[match?.[2]?.toLowerCase() ?? ''];
  if (match?.[1] === undefined || ms === undefined) return ', such as 1.5';
  return ` without a suffix: ${Number(((Number(match[1]) * ms) / perUnit).toPrecision(6))}`;
}

const SIZE = /^(\d+\.?\d*|\.\d+)\s*([kmgt]?)(?:i?b)?$/i;
const SIZE_FACTOR: Readonly<Record<string, number>> = {
  '': 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
  t: 1024 ** 4,
};

/** Bytes, or a number with a suffix. `mb` and `MiB` are both 1024 × 1024 bytes, as in Redis' and nginx' files. */
export function bytes(minimum: number): Kind<number> {
  return kind(
    'bytes',
    (text) => {
      const match = SIZE.exec(text);
      const factor = SIZE_FACTOR[match?.[2]?.toLowerCase() ?? ''] ?? 1;
      const value = Math.round(Number(match?.[1] ?? Number.NaN) * factor);
      if (!Number.isSafeInteger(value) || value < minimum) {
        throw new BadValue(`write a size of ${minimum} bytes or more, such as 1048576, 64mb or 1GiB`);
      }
      return value;
    },
    (value) => value,
  );
}

/** Text that must fit a pattern; `description` completes "write …". */
export function text(description: string, pattern: RegExp): Kind<string> {
  return kind(
    description,
    (value) => {
      if (!pattern.test(value)) throw new BadValue(`write ${description}`);
      return value;
    },
    (value) => value,
  );
}

/** proxy-addr's syntax, so that what starts is what will be applied. */
export const trustProxy: Kind<TrustProxy> = kind<TrustProxy>(
  'true, false, a number of hops, or addresses',
  (value) => {
    if (/^\d{1,3}$/.test(value)) return Number(value);
    const trusted = SWITCHES[value.toLowerCase()];
    if (trusted !== undefined) return trusted;
    const addresses = splitList(value);
    try {
      compile(addresses);
    } catch {
      throw new BadValue(
        'write true, false, a number of hops, or addresses such as loopback,10.0.0.0/8,fd00::/8',
      );
    }
    return addresses;
  },
  (value) => (typeof value === 'object' ? value.join(',') : value),
);

/** Anything that can stand in a header or a query without being quoted; keeps line breaks out of requests. */
const TOKEN = /^[\x21-\x7e]+$/;

/** A key of ours: sent in `X-API-Key` or as a Bearer, so it must survive a header. */
export const headerSecret: Kind<string> = kind(
  'text',
  (value) => {
    if (!TOKEN.test(value)) throw new BadValue('write visible ASCII characters without spaces');
    return value;
  },
  (value) => value,
);

export const anySecret: Kind<string> = kind(
  'text',
  (value) => value,
  (value) => value,
);

/** Told apart by shape (CONTRACT): a read access token is a JWT, three parts with dots between; all else is a key. */
export const tmdbCredential: Kind<TmdbCredential> = kind<TmdbCredential>(
  'TMDB key or token',
  (value) => {
    if (!TOKEN.test(value)) {
      throw new BadValue('write the v3 key or the v4 read access token alone, without spaces or "Bearer"');
    }
    const kindOfKey = /^[\w-]+\.[\w-]+\.[\w-]+$/.test(value) ? 'v4' : 'v3';
    return { kind: kindOfKey, value };
  },
  () => '***',
);
