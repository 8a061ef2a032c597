import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

const compress = promisify(gzip);

/** Files of the page as the build leaves them, and their types. */
const FILES = {
  'client.js': 'text/javascript; charset=utf-8',
  'client.css': 'text/css; charset=utf-8',
  'icon.svg': 'image/svg+xml',
} as const;
type FileName = keyof typeof FILES;

/** Beside the bundle; beside what tsc writes; where the sources are run as they are. */
const PLACES = ['dashboard-client/', '../dashboard-client/', '../../dist/dashboard-client/'];

/** One file under a name that holds its hash: whoever has it need never ask again. */
export interface Asset {
  readonly path: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** Compressed with the first who asks, once. */
  gzipped(): Promise<Buffer>;
}

export interface Assets {
  readonly script: Asset;
  readonly style: Asset;
  readonly icon: Asset;
  /** By path. */
  readonly all: ReadonlyMap<string, Asset>;
}

/** Reads the files of the page. Rejects when they have not been built. */
export async function loadAssets(): Promise<Assets> {
  const read = async (name: FileName) => assetOf(name, await readBuilt(name));
  const [script, style, icon] = await Promise.all([read('client.js'), read('client.css'), read('icon.svg')]);
  return { script, style, icon, all: new Map([script, style, icon].map((asset) => [asset.path, asset])) };
}

/** @param name as the build leaves it */
export function assetOf(name: FileName, bytes: Buffer): Asset {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  let gzipped: Promise<Buffer> | undefined;
  return {
    path: `/dashboard/assets/${name.replace('.', `-${hash}.`)}`,
    type: FILES[name],
    bytes,
    gzipped: () => {
      gzipped ??= compress(bytes, { level: 9 });
      return gzipped;
    },
  };
}

async function readBuilt(name: string): Promise<Buffer> {
  let missing: unknown;
  for (const place of PLACES) {
    try {
      return await readFile(new URL(place + name, import.meta.url));
    } catch (error) {
      missing = error;
    }
  }
  throw new Error(`the dashboard's ${name} is not there; npm run build makes it`, { cause: missing });
}
