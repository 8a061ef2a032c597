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

/** Asks a file before each write how the disk is. Only regular files are meant: sockets are written with `write`, too. */
const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>
/* end: how long the file would be; 0 where nothing is written. A full disk has room for what a file has already. */
static int trouble(int file, off_t end) {
  struct stat about;
  for (;;) {
    char state[16] = "";
    int fd = open(getenv("PRETENDED_DISK"), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, state, sizeof state - 1) < 0) state[0] = 0;
    if (fd >= 0) close(fd);
    if (state[0] == 'F') return fstat(file, &about) == 0 && end > about.st_size ? ENOSPC : 0;
    if (state[0] != 'S') { usleep(atoi(state) * 1000); return 0; }
    usleep(5000);
  }
}
static int is_file(int fd) { struct stat about; return fstat(fd, &about) == 0 && S_ISREG(about.st_mode); }
static off_t sum(const struct iovec *from, int n) { off_t all = 0; while (n-- > 0) all += from[n].iov_len; return all; }
#define NO_END 0
#define ON_DISK(name, result, params, args, applies, file, end) \\
  result name params { \\
    result (*real) params = dlsym(RTLD_NEXT, #name); \\
    int error = applies ? trouble(file, end) : 0; \\
    if (error) { errno = error; return -1; } \\
    return real args; }
ON_DISK(fdatasync, int, (int fd), (fd), 1, fd, NO_END)
ON_DISK(fsync, int, (int fd), (fd), 1, fd, NO_END)
ON_DISK(msync, int, (void *at, size_t n, int flags), (at, n, flags), 1, -1, NO_END)
ON_DISK(write, ssize_t, (int fd, const void *from, size_t n), (fd, from, n), is_file(fd), fd, lseek(fd, 0, SEEK_CUR) + (off_t)n)
ON_DISK(writev, ssize_t, (int fd, const struct iovec *from, int n), (fd, from, n), is_file(fd), fd, lseek(fd, 0, SEEK_CUR) + sum(from, n))
ON_DISK(pwrite, ssize_t, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at), 1, fd, at + (off_t)n)
ON_DISK(pwrite64, ssize_t, (int fd, const void *from, size_t n, off64_t at), (fd, from, n, at), 1, fd, at + (off_t)n)
ON_DISK(pwritev, ssize_t, (int fd, const struct iovec *from, int n, off_t at), (fd, from, n, at), 1, fd, at + sum(from, n))
ON_DISK(pwritev64, ssize_t, (int fd, const struct iovec *from, int n, off64_t at), (fd, from, n, at), 1, fd, at + sum(from, n))
`;

const STATES = { full: 'F', 'stands still': 'S' } as const;

/** A disk in trouble as a process sees it that is told so: for machines where nobody may mount. */
export class PretendedDisk {
  readonly #state: string;
  readonly #library: string;

  /** Throws where there is no C compiler. */
  constructor(folder: string) {
    this.#state = `${folder}/disk-state`;
    this.#library = `${folder}/disk.so`;
    writeFileSync(`${folder}/disk.c`, SOURCE);
    run('cc', '-shared', '-fPIC', '-O1', '-o', this.#library, `${folder}/disk.c`, '-ldl');
    this.well();
  }

  /** For the processes that are to believe it. */
  get env(): Record<string, string> {
    return { LD_PRELOAD: this.#library, PRETENDED_DISK: this.#state };
  }

  /** Every write, and every wait for the medium, takes so much longer. */
  slow(ms: number): void {
    writeFileSync(this.#state, String(ms));
  }

  is(state: keyof typeof STATES): void {
    writeFileSync(this.#state, STATES[state]);
  }

  well(): void {
    writeFileSync(this.#state, '');
  }
}
