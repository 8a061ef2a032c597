/** `v1:custom:<path>?<query>`, in the order and spelling received (DESIGN.md, Keys). */
export function keyOf(wire: string): string {
  return `v1:custom:${wire}`;
}

/** Every variant of one path, whatever its query: what a purge by address without a query names. */
export function pathTag(path: string): string {
  return `path:${path}`;
}
