import { LRUCache } from 'lru-cache';

/** What is kept by use within so many bytes, each as `sizeOf` says. */
export function lruOf<V extends object>(maxBytes: number, sizeOf: (value: V) => number): LRUCache<string, V> {
  return new LRUCache<string, V>({ maxSize: Math.max(1, Math.floor(maxBytes)), sizeCalculation: sizeOf });
}

/** The same within another bound: one knows its bound for good. What does not fit is what was not used for longest. */
export function resized<V extends object>(
  before: LRUCache<string, V>,
  maxBytes: number,
  sizeOf: (value: V) => number,
): LRUCache<string, V> {
  const after = lruOf(maxBytes, sizeOf);
  if (after.maxSize === before.maxSize) return before;
  for (const key of before.rkeys()) {
    const value = before.peek(key);
    if (value !== undefined) after.set(key, value);
  }
  return after;
}
