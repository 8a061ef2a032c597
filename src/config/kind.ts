import { z } from 'zod';

/** A value as `/config` and the start-up table show it. */
export type Scalar = string | number | boolean | null;

/** One type of variable: how its text is read, and how a value is shown without credentials. */
export interface Kind<T> {
  /** Unit or form, for the documentation. */
  readonly label: string;
  readonly schema: z.ZodType<T, string>;
  readonly show: (value: T) => Scalar;
}

/** Thrown by a kind's parser; the message says what to write instead and never repeats the value. */
export class BadValue extends Error {}

export function kind<T>(label: string, parse: (text: string) => T, show: (value: T) => Scalar): Kind<T> {
  const schema = z.string().transform((text, context): T => {
    try {
      return parse(text);
    } catch (thrown) {
      if (!(thrown instanceof BadValue)) throw thrown;
      context.addIssue({ code: 'custom', message: thrown.message });
      return z.NEVER;
    }
  });
  return { label, schema, show };
}

/** Items of a comma-separated list; empty items (a trailing comma) are ignored. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** A list of what `item` reads; at least one. */
export function listOf<T>(item: Kind<T>, label: string): Kind<readonly T[]> {
  return kind<readonly T[]>(
    label,
    (text) => {
      const items = splitList(text);
      if (items.length === 0) throw new BadValue(`write ${label}`);
      return items.map((part) => {
        const result = item.schema.safeParse(part);
        if (!result.success) throw new BadValue(result.error.issues[0]?.message ?? `write ${label}`);
        return result.data;
      });
    },
    (values) => values.map((value) => String(item.show(value))).join(','),
  );
}
