import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const REPOSITORY = new URL('../..', import.meta.url).pathname;

/** A number that entries or records carry, and where it is defined. */
const SCHEMAS = [
  { file: 'src/tiers/codec.ts', name: 'ENTRY_SCHEMA' },
  { file: 'src/redis/value-header.ts', name: 'VALUE_VERSION' },
  { file: 'src/feed/state.ts', name: 'VERSION' },
  { file: 'src/tiers/disk-open.ts', name: 'STORE_SCHEMA' },
] as const;

/** Neither version can read what the other tells all nodes: it says so in front. */
const TOLD = 'next:';
const CHANGES = [
  {
    file: 'src/cluster/bus-message.ts',
    from: 'value = JSON.parse(text);',
    to: `if (!text.startsWith('${TOLD}')) return undefined;\n    value = JSON.parse(text.slice(${TOLD.length}));`,
  },
  {
    file: 'src/cluster/coherence.ts',
    from: 'ring(JSON.stringify({ acks',
    to: `ring('${TOLD}' + JSON.stringify({ acks`,
  },
  {
    file: 'src/redis/purge-scripts.ts',
    from: "'PUBLISH', channel, cjson.encode(message)",
    to: `'PUBLISH', channel, '${TOLD}' .. cjson.encode(message)`,
  },
] as const;

export interface OtherVersion {
  /** What `startProxy` takes as `main`. */
  readonly main: string;
  readonly version: string;
  /** That of its disk store. */
  readonly storeSchema: number;
  remove(): void;
}

/**
 * Bundles this program as its next version would be that changed the schema of every entry and record, and what nodes tell each
 * other of purges: the same sources with each number one higher. To it, what this version wrote is older; to this version, what it
 * wrote is newer. Throws when something is not where it is expected, so that a test cannot go on with two equal versions.
 */
export async function buildNextVersion(): Promise<OtherVersion> {
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-next-'));
  cpSync(join(REPOSITORY, 'src'), join(folder, 'src'), { recursive: true });
  const schemas = SCHEMAS.map(({ file, name }) => raise(join(folder, file), name));
  for (const { file, from, to } of CHANGES) change(join(folder, file), from, to);
  const about = JSON.parse(readFileSync(join(REPOSITORY, 'package.json'), 'utf8')) as object;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ ...about, version: '99.0.0' }));
  cpSync(join(REPOSITORY, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(folder, 'node_modules'));
  mkdirSync(join(folder, 'dist'));
  await promisify(execFile)(process.execPath, [join(REPOSITORY, 'scripts/bundle.mjs')], { cwd: folder });
  return {
    main: join(folder, 'dist/main.js'),
    version: '99.0.0',
    storeSchema: schemas.at(-1)!,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

function change(path: string, from: string, to: string): void {
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) throw new Error(`${path} does not have this once: ${from}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

/** Answers the number that it is then. */
function raise(path: string, name: string): number {
  const text = readFileSync(path, 'utf8');
  const definition = new RegExp(`\\bconst ${name} = (\\d+);`);
  const found = definition.exec(text);
  if (found === null) throw new Error(`${path} defines no ${name}`);
  const raised = Number(found[1]) + 1;
  writeFileSync(path, text.replace(definition, `const ${name} = ${raised};`));
  return raised;
}
