import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import dockerignore from '@balena/dockerignore';
import { copied, only, pairs, REPOSITORY, readDockerfile, type Stage, words } from './dockerfile.js';

const run = promisify(execFile);

/** What a container engine would know of the image, and the files the Dockerfile puts into it. */
export interface Image {
  /** Holds all of it; to be removed by the caller. */
  readonly folder: string;
  /** Stands for `/`. Of Node and Debian nothing is in it. */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  /** ENTRYPOINT and CMD. */
  readonly command: readonly string[];
  readonly entrypoint: readonly string[];
  readonly healthcheck: readonly string[];
  readonly workdir: string;
  readonly volume: string;
  readonly stopSignal: NodeJS.Signals;
}

/** Files below `path` of the repository that reach the builder; none where .dockerignore keeps all of it back. */
export function context(path: string): string[] {
  const passes = dockerignore
    .default()
    .add(readFileSync(`${REPOSITORY}.dockerignore`, 'utf8'))
    .createFilter();
  const files = lstatSync(REPOSITORY + path).isDirectory()
    ? readdirSync(REPOSITORY + path, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(REPOSITORY.length))
    : [path];
  return files.filter((file) => passes(file));
}

/**
 * Does what `docker build` would do, with the commands of the Dockerfile; but `npm ci`, for which the libraries that are
 * installed here stand in, and what the final stage takes away from Debian's and Node's own files.
 */
export async function buildImage(): Promise<Image> {
  const { build, final } = readDockerfile();
  const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-image-'));
  // Other users run it.
  chmodSync(folder, 0o755);
  await buildStage(build, folder);
  const root = join(folder, 'root');
  const workdir = only(final, 'WORKDIR');
  for (const { keyword, text } of final.steps) {
    if (keyword !== 'COPY') continue;
    const { from, sources, target } = copied(text);
    if (from !== build.name) throw new Error(`COPY of something else than the build stage: ${text}`);
    for (const source of sources)
      cpSync(join(folder, source), join(root, workdir, target), { recursive: true });
  }
  const entrypoint = words(only(final, 'ENTRYPOINT'));
  return {
    folder,
    root,
    env: pairs(only(final, 'ENV')),
    entrypoint,
    command: [...entrypoint, ...words(only(final, 'CMD'))],
    healthcheck: words(only(final, 'HEALTHCHECK')),
    workdir,
    volume: only(final, 'VOLUME'),
    stopSignal: only(final, 'STOPSIGNAL') as NodeJS.Signals,
  };
}

async function buildStage(stage: Stage, folder: string): Promise<void> {
  const cwd = join(folder, only(stage, 'WORKDIR'));
  mkdirSync(cwd, { recursive: true });
  for (const { keyword, text } of stage.steps) {
    if (keyword === 'COPY') {
      const { sources, target } = copied(text);
      for (const source of sources) copyContext(source, target, cwd);
    }
    if (keyword !== 'RUN') continue;
    if (text === 'npm ci --ignore-scripts')
      symlinkSync(join(REPOSITORY, 'node_modules'), join(cwd, 'node_modules'));
    // Folders at the root of the builder lie in ours.
    else await run('sh', ['-ec', text.replaceAll(/ \/(?=\w)/g, ` ${folder}/`)], { cwd, env: npmFree() });
  }
}

function copyContext(source: string, target: string, cwd: string): void {
  const files = context(source);
  if (files.length === 0) throw new Error(`COPY ${source}: .dockerignore keeps it back`);
  for (const file of files) {
    const to = target.endsWith('/') ? join(cwd, target, basename(file)) : join(cwd, file);
    mkdirSync(dirname(to), { recursive: true });
    cpSync(join(REPOSITORY, file), to);
  }
}

/** Tests run within npm: what it tells its scripts is of this repository, not of the copy. */
function npmFree(): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(npm|vitest|NODE)_/i.test(name)),
  );
}
