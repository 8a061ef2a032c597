import { systemClock } from './clock.js';
import { Reloader } from './cluster/reloader.js';
import type { Tenants } from './compose-tenants.js';
import { ConfigError } from './config/config-error.js';
import type { CoreOptions } from './core-options.js';
import { MIN_DISK_BYTES, type OwnDiskStore } from './tiers/disk-types.js';

/** Reads the configuration again, and has this process and its workers take it. */
export function reloaderOf(options: CoreOptions, disk: OwnDiskStore, tenants: Tenants | undefined): Reloader {
  const { loaded, reread, live, log, workers } = options;
  return new Reloader({
    loaded,
    reread,
    live,
    workers,
    clock: systemClock,
    log,
    check: ({ cache, clients }) => {
      if (cache.diskBytes < MIN_DISK_BYTES)
        throw new ConfigError([`DISK_CACHE_BYTES: a disk store needs at least ${MIN_DISK_BYTES} bytes`]);
      tenants?.check(clients.proxyKeys);
    },
    settle: async ({ cache, clients }) => {
      const [holds] = await Promise.all([disk.resize(cache.diskBytes), tenants?.use(clients.proxyKeys)]);
      if (holds < cache.diskBytes)
        log.warn(`DISK_CACHE_BYTES: ${holds} bytes until a restart, three times what it began with`);
    },
  });
}
