import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    .toString()
    .trim();
}

/** A file system of a few megabytes, to be filled and broken. */
export class Volume {
  readonly path: string;
  readonly #image: string | undefined;

  /** @param image a file for it to live in; without, memory */
  private constructor(path: string, image?: string) {
    this.path = path;
    this.#image = image;
    process.once('exit', this.remove);
  }

  /** In memory. Throws where mounting is not possible: not root, or in a container without the right to. */
  static inMemory(path: string, bytes: number): Volume {
    mkdirSync(path);
    run('mount', '-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path);
    return new Volume(path);
  }

  /** An ext4 that becomes read-only at its first error, as a disk's does. Throws where that is not possible. */
  static ext4(path: string, bytes: number): Volume {
    const image = `${path}.img`;
    mkdirSync(path);
    writeFileSync(image, '');
    truncateSync(image, bytes);
    run('mkfs.ext4', '-q', '-O', '^has_journal', image);
    run('mount', '-o', 'loop,errors=remount-ro', image, path);
    return new Volume(path, image);
  }

  /** Not a byte is left. Gives what makes room again. */
  fill(): () => void {
    const ballast = `${this.path}/ballast-${process.hrtime.bigint()}`;
    writeFileSync(ballast, '');
    for (let size = 1024 * 1024; size >= 512; size /= 2) {
      try {
        for (;;) writeFileSync(ballast, Buffer.alloc(size), { flag: 'a' });
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
      }
    }
    return () => rmSync(ballast);
  }

  /** As the kernel does when a disk answers with errors; only for ext4, and there is no way back. */
  break(): void {
    const device = basename(run('losetup', '-n', '-O', 'NAME', '-j', this.#image!));
    writeFileSync(`/sys/fs/ext4/${device}/trigger_fs_error`, '1');
  }

  remove = (): void => {
    process.off('exit', this.remove);
    if (!existsSync(this.path)) return;
    run('umount', '-l', this.path);
    rmSync(this.path, { recursive: true });
    if (this.#image !== undefined) rmSync(this.#image);
  };
}

/** Every write of a file's bytes, and waiting for the medium, takes so much longer. Sockets are not written so. */
const SLOW = (ms: number) => `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>
#define SLOWLY(name, result, params, args) \\
  result name params { result (*real) params = dlsym(RTLD_NEXT, #name); usleep(${ms} * 1000); return real args; }
SLOWLY(fdatasync, int, (int fd), (fd))
SLOWLY(fsync, int, (int fd), (fd))
SLOWLY(msync, int, (void *at, size_t n, int flags), (at, n, flags))
SLOWLY(pwrite, ssize_t, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at))
SLOWLY(pwrite64, ssize_t, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at))
SLOWLY(pwritev, ssize_t, (int fd, const struct iovec *from, int n, off_t at), (fd, from, n, at))
SLOWLY(pwritev64, ssize_t, (int fd, const struct iovec *from, int n, off64_t at), (fd, from, n, at))
`;

/** A library for `LD_PRELOAD` that makes the disk slow. Throws where there is no C compiler. */
export function slowDisk(folder: string, ms: number): string {
  const library = `${folder}/slow-disk.so`;
  writeFileSync(`${folder}/slow-disk.c`, SLOW(ms));
  run('cc', '-shared', '-fPIC', '-O1', '-o', library, `${folder}/slow-disk.c`, '-ldl');
  return library;
}
