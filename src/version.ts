import { readFileSync } from 'node:fs';

/** Version of this package, from the package.json beside `dist` or `src`: every file of the bundle is in `dist` itself. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string }
).version;
