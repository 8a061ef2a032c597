/** A value as `/config` and the start-up table show it. */
export type Scalar = string | number | boolean | null;

/** One type of variable: how its text is read, and how a value is shown without credentials. */
export interface Kind<T> {
  /** Unit or form, for the documentation. */
  readonly label: string;
  /** Throws a BadValue. */
  readonly read: (text: string) => T;
  readonly show: (value: T) => Scalar;
}

/** Thrown by a kind's parser; the message says what to write instead and never repeats the value. */
export class BadValue extends Error {}

export function kind<T>(label: string, read: (text: string) => T, show: (value: T) => Scalar): Kind<T> {
  return { label, read, show };
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
      return items.map((part) => item.read(part));
    },
    (values) => values.map((value) => String(item.show(value))).join(','),
  );
}
