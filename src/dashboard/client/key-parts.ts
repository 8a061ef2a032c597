/** A key without its version: `api:/3/movie/550`, in its parts. */
export function keyParts(key: string): { readonly place: string; readonly rest: string } {
  const [, place, rest] = /^v\d+:([a-z-]+):(.*)$/s.exec(key) ?? [];
  return place === undefined || rest === undefined ? { place: '', rest: key } : { place, rest };
}
