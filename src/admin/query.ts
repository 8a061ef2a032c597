import { z } from '@hono/zod-openapi';

/** Characters of a key, an address or a tag that a request names. */
export const MAX_KEY = 16_384;

/** A query of exactly these parameters: on paths that change or list things a mistyped name must not pass silently. */
export const exactQuery = <S extends z.ZodRawShape>(shape: S) => exact(shape, 'parameter of this path');

/** A body of exactly these members. */
export const exactBody = <S extends z.ZodRawShape>(shape: S) => exact(shape, 'member of this body');

function exact<S extends z.ZodRawShape>(shape: S, what: string) {
  const refused = `not a ${what}; allowed: ${Object.keys(shape).join(', ')}`;
  return z.strictObject(shape, {
    error: ({ code }) => (code === 'unrecognized_keys' ? refused : undefined),
  });
}

/** A whole number within bounds. Text like `1e2` or an empty value is none. */
export function wholeNumber(from: number, to: number, fallback: number, description: string) {
  const error = `must be a whole number from ${from} to ${to}`;
  return z
    .string(error)
    .regex(/^\d{1,15}$/, error)
    .transform(Number)
    .refine((value) => value >= from && value <= to, error)
    .default(fallback)
    .openapi({ type: 'integer', minimum: from, maximum: to, default: fallback, description });
}

/** `true`, `false`, `1` or `0`. */
export function flag(description: string) {
  return z
    .enum(['true', 'false', '1', '0'], 'must be true or false')
    .default('false')
    .transform((value) => value === 'true' || value === '1')
    .openapi({ type: 'boolean', default: false, description });
}

/** One of these names. */
export function oneOf<const T extends readonly [string, ...string[]]>(names: T, description: string) {
  return z.enum(names, `must be one of ${names.join(', ')}`).openapi({ description });
}

/** Text that must not be empty. */
export function text(most: number, description: string, example?: string) {
  const error = `must be given once, with 1 to ${most} characters`;
  const more = example === undefined ? {} : { param: { example } };
  return z
    .string(error)
    .min(1, error)
    .max(most, error)
    .openapi({ description, ...more });
}
