/** Whether a value is of one type: what a server answers has been through its scripts, its versions and what stands before it. */
export type Guard<T> = (value: unknown) => value is T;

export const isCount: Guard<number> = (value): value is number => Number.isSafeInteger(value);

export const isText: Guard<string> = (value): value is string => typeof value === 'string';

export const isBytes: Guard<Buffer> = (value): value is Buffer => Buffer.isBuffer(value);

/** A whole number as text: Lua would round it as a number. */
export const isCountText: Guard<string> = (value): value is string =>
  isText(value) && /^-?\d{1,16}$/.test(value);

export function isOneOf<const T>(...known: readonly T[]): Guard<T> {
  return (value): value is T => (known as readonly unknown[]).includes(value);
}

export function isEither<A, B>(a: Guard<A>, b: Guard<B>): Guard<A | B> {
  return (value): value is A | B => a(value) || b(value);
}

export function isListOf<T>(isItem: Guard<T>): Guard<T[]> {
  return (value): value is T[] => Array.isArray(value) && value.every(isItem);
}

export function isTuple<T extends readonly unknown[]>(
  ...items: { readonly [I in keyof T]: Guard<T[I]> }
): Guard<[...T]> {
  return (value): value is [...T] =>
    Array.isArray(value) && value.length === items.length && items.every((isItem, i) => isItem(value[i]));
}
