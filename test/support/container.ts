import { execFile, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { endWithUs } from './end-with-us.js';
import type { Image } from './image.js';
import { childrenOf, stateOf } from './processes.js';

/** `docker run`'s own: `--user 10001`, and whether there is a `--tmpfs /tmp`. */
const USER = 10_001;

export interface Container {
  /** Process 1 of it, as it is numbered here. */
  readonly pid: number;
  /** The volume. */
  readonly data: string;
  output(): string;
  /** `docker exec`: the command as the container's user, with its environment. */
  exec(command: readonly string[], env?: Readonly<Record<string, string>>): Promise<Done>;
  /** Children of process 1, as they are numbered here, each with its state (`S`, `R`, `Z` …). */
  children(): { readonly pid: number; readonly state: string }[];
  readonly ended: Promise<Ended>;
  /** Sends a signal to process 1 and resolves with how it ended. */
  stop(signal: NodeJS.Signals): Promise<Ended>;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Done {
  readonly code: number | null;
  readonly output: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Default: those of the image. */
  readonly args?: readonly string[];
  /** `--tmpfs /tmp`; default true. Without namespaces /tmp is the machine's. */
  readonly tmp?: boolean;
  /** The volume of an earlier one; default: a new one. */
  readonly data?: string;
}

const NAMESPACES = ['--mount', '--pid', '--net', '--fork', '--kill-child'];

/**
 * `docker run --read-only --cap-drop=ALL --security-opt=no-new-privileges --user 10001 --network none`, by hand. Process 1 of its
 * namespaces sees the image's files, Node and the C library, and can write into /data and /tmp alone.
 */
const RUN_ISOLATED = `
  set -eu
  root=$1 data=$2 node=$3 tmp=$4; shift 4
  mount --make-rprivate /
  ip link set lo up
  mount --bind "$root" "$root"
  mount --rbind /dev "$root/dev"
  mount -t proc proc "$root/proc"
  for lib in usr/lib usr/lib64 lib lib64; do
    if [ -d "/$lib" ] && ! [ -h "/$lib" ]; then mount --bind "/$lib" "$root/$lib"; fi
  done
  mount --bind "$node" "$root/usr/local/bin/node"
  mount --bind "$(command -v setpriv)" "$root/usr/bin/setpriv"
  mount --bind "$data" "$root/data"
  [ "$tmp" = false ] || mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/tmp"
  mount -o remount,bind,ro "$root"
  exec chroot "$root" /usr/bin/setpriv --reuid=${USER} --regid=${USER} --clear-groups \\
    --bounding-set=-all --inh-caps=-all --no-new-privs -- "$@"
`;

/** Whether this machine lets us make such namespaces: it takes root, and an engine that does not forbid it. */
export const ISOLATES =
  process.platform === 'linux' &&
  spawnSync('unshare', [
    ...NAMESPACES,
    'sh',
    '-c',
    'mount --make-rprivate / && ip link set lo up && setpriv --version',
  ]).status === 0;

/** Starts a container of the image: isolated, or as an ordinary process where the files are read-only for it. */
export function runImage(image: Image, isolated: boolean, options: RunOptions = {}): Promise<Container> {
  return isolated ? runIsolated(image, options) : runPlainly(image, options);
}

async function runIsolated(image: Image, options: RunOptions): Promise<Container> {
  const { root } = image;
  const data = options.data ?? volume(image);
  mountPoints(root);
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ...image.env,
    ...options.env,
  };
  const inside = ['sh', '-c', RUN_ISOLATED, 'sh', root, data, process.execPath, String(options.tmp ?? true)];
  const command = [...image.entrypoint, ...(options.args ?? image.command.slice(image.entrypoint.length))];
  const started = start('unshare', [...NAMESPACES, ...inside, ...command], { env, cwd: '/' });
  const pid = await firstChild(started.child.pid!);
  const entering = [`--target=${pid}`, '--mount', '--pid', '--net', '--root', `--wd`];
  const user = [`--setuid=${USER}`, `--setgid=${USER}`];
  return {
    ...started,
    pid,
    data,
    children: () => withStates(childrenOf(pid)),
    exec: (words, more) => done('nsenter', [...entering, ...user, '--', ...words], { ...env, ...more }),
    stop: (signal) => {
      if (started.child.exitCode === null && started.child.signalCode === null) process.kill(pid, signal);
      return started.ended;
    },
  };
}

async function runPlainly(image: Image, options: RunOptions): Promise<Container> {
  const data = options.data ?? volume(image);
  spawnSync('chmod', ['-R', 'a-w', image.root]);
  const inRoot = (word: string) =>
    word === 'node' ? process.execPath : word.replace(/^\/app/, `${image.root}/app`);
  const env = {
    PATH: process.env.PATH ?? '',
    ...image.env,
    CACHE_DIR: data,
    HOST: '127.0.0.1',
    ...options.env,
  };
  const user = process.getuid?.() === 0 ? { uid: USER, gid: USER } : {};
  const place = { cwd: join(image.root, image.workdir), ...user };
  const command = [
    ...image.entrypoint,
    ...(options.args ?? image.command.slice(image.entrypoint.length)),
  ].map(inRoot);
  const started = start(command[0]!, command.slice(1), { env, ...place });
  const pid = started.child.pid!;
  return {
    ...started,
    pid,
    data,
    children: () => withStates(childrenOf(pid)),
    exec: ([name = '', ...words], more) => done(inRoot(name), words.map(inRoot), { ...env, ...more }, place),
    stop: (signal) => {
      if (started.child.exitCode === null && started.child.signalCode === null) process.kill(pid, signal);
      return started.ended;
    },
  };
}

/** A new volume, with the mode that the Dockerfile gives the folder it is mounted on. */
function volume({ folder }: Image): string {
  const data = mkdtempSync(join(folder, 'data-'));
  chmodSync(data, 0o1777);
  return data;
}

/** Folders and files to mount on, and the links that a merged /usr has. */
function mountPoints(root: string): void {
  for (const folder of ['dev', 'proc', 'data', 'tmp', 'usr/bin', 'usr/lib', 'usr/lib64', 'usr/local/bin'])
    mkdirSync(join(root, folder), { recursive: true });
  for (const file of ['usr/local/bin/node', 'usr/bin/setpriv']) writeFileSync(join(root, file), '');
  for (const name of ['lib', 'lib64']) {
    if (existsSync(join(root, name)) || !existsSync(`/${name}`)) continue;
    if (lstatSync(`/${name}`).isSymbolicLink()) symlinkSync(readlinkSync(`/${name}`), join(root, name));
    else mkdirSync(join(root, name));
  }
}

function start(
  file: string,
  args: readonly string[],
  options: { env: Record<string, string>; cwd: string; uid?: number; gid?: number },
) {
  const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  endWithUs(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (text += chunk));
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return { child, ended, output: () => text };
}

function done(
  file: string,
  args: readonly string[],
  env: Record<string, string>,
  place: { cwd?: string; uid?: number; gid?: number } = {},
): Promise<Done> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { env, timeout: 20_000, ...place }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode, output: stdout + stderr }),
    );
  });
}

/** Process 1 of the namespaces that `unshare` has made: its only child. */
async function firstChild(pid: number): Promise<number> {
  for (;;) {
    const [child] = childrenOf(pid);
    if (child !== undefined) return child;
    if (!existsSync(`/proc/${pid}`)) throw new Error('unshare ended');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function withStates(pids: readonly number[]): { pid: number; state: string }[] {
  return pids.map((pid) => ({ pid, state: stateOf(pid) ?? '?' }));
}
