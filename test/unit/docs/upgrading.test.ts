import { describe, expect, it } from 'vitest';
import { MANAGEMENT_PATHS } from '../../../src/admin/paths.js';
import { SETTING_NAMES, settingOf } from '../../../src/config/settings/index.js';
import { codeIn, documentText, rowsAfter } from './tables.js';

const TEXT = documentText('docs/upgrading.md');
const STATUSES = ['same', 'renamed', 'better', 'new'];

/** What the contract that was handed on names, beside the stale times of each class, which it has as a form. */
const CONTRACT_VARIABLES = `
  HOST PORT WORKERS ADMIN_PORT METRICS_PORT LOG_LEVEL SERVER_ID REGION TRUST_PROXY PUBLIC_URL
  TMDB_API_KEY TMDB_API_URLS TMDB_IMAGE_URLS UPSTREAM_TYPE UPSTREAM_SERVERS UPSTREAM_MAX_CONNECTIONS UPSTREAM_RATE
  REQUEST_TIMEOUT MAX_RETRIES HEALTH_CHECK_INTERVAL HTTPS_PROXY
  CACHE_ENABLED TTL_POLICY MEMORY_CACHE_BYTES DISK_CACHE_BYTES MAX_ENTRY_BYTES CACHE_DIR
  JSON_MEMORY_TTL JSON_DISK_TTL IMAGE_MEMORY_TTL IMAGE_DISK_TTL SEARCH_MEMORY_TTL SEARCH_DISK_TTL
  STALE_WHILE_REVALIDATE STALE_IF_ERROR
  USE_REDIS REDIS_CLUSTER_NODES REDIS_URL REDIS_SENTINELS REDIS_SENTINEL_NAME REDIS_USERNAME REDIS_PASSWORD REDIS_DB REDIS_TLS
  REDIS_POOL_SIZE REDIS_MIN_IDLE_CONNS REDIS_CONNECT_TIMEOUT REDIS_READ_TIMEOUT REDIS_WRITE_TIMEOUT
  REDIS_MAX_RETRIES REDIS_RETRY_DELAY REDIS_KEY_PREFIX REDIS_FALLBACK_NODES USE_DISK_CACHE_FALLBACK BUS_REDIS_URL
  PEER_PROXIES PARENT_PROXY ADMIN_API_KEY PROXY_KEYS PROXY_KEYS_FILE CHANGE_FEED CHANGE_FEED_INTERVAL SHUTDOWN_DELAY SHUTDOWN_TIMEOUT
`
  .trim()
  .split(/\s+/);
const CONTRACT_PATHS = `
  /health /health/redis /livez /readyz /status /stats /metrics /config /cache/info /cache/clear /cache/purge /cache/keys
  /cache/search /cache/entry /cache/warm /cluster/nodes /upstream /dashboard /openapi.json /docs
`
  .trim()
  .split(/\s+/);
const PROXIED = ['/3/*', '/4/*', '/t/p/*'];

const inContract = (name: string) =>
  CONTRACT_VARIABLES.includes(name) || /_STALE_(?:WHILE_REVALIDATE|IF_ERROR)$/.test(name);

describe('docs/upgrading.md', () => {
  const variables = rowsAfter('<!-- variables -->', TEXT).flatMap(([names, status, here]) =>
    codeIn(names!).map((name) => ({ name, status: status!, here: here! })),
  );
  const paths = rowsAfter('<!-- paths -->', TEXT).flatMap(([names, who, aliased, status]) =>
    codeIn(names!).map((path) => ({ path, who: who!, aliased: aliased!, status: status! })),
  );

  it('has every variable of the program once, and no other', () => {
    expect(variables.map(({ name }) => name).sort()).toEqual([...SETTING_NAMES].sort());
  });

  it('has every variable of the contract', () => {
    const names = variables.map(({ name }) => name);
    expect(CONTRACT_VARIABLES.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('calls new exactly what the contract does not name', () => {
    expect(variables.filter(({ status }) => !STATUSES.includes(status))).toEqual([]);
    const wrong = variables.filter(({ name, status }) => (status === 'new') === inContract(name));
    expect(wrong).toEqual([]);
  });

  it('calls renamed exactly what has an old name, and gives it', () => {
    // `https_proxy` is how other programs spell the same name.
    const oldNames = (name: string) =>
      settingOf(name as (typeof SETTING_NAMES)[number]).aliases.filter(
        (alias) => alias === alias.toUpperCase(),
      );
    for (const { name, status, here } of variables) {
      expect(status === 'renamed', name).toBe(oldNames(name).length > 0);
      for (const alias of oldNames(name)) expect(here, name).toContain(`\`${alias}\``);
    }
  });

  it('says what is better wherever it says so', () => {
    expect(variables.filter(({ status, here }) => status === 'better' && here === '')).toEqual([]);
  });

  it('has every path of the program and of the contract once, with who may use it and whether older names work', () => {
    const managed = paths.filter(({ path }) => !PROXIED.includes(path));
    const expected = [...MANAGEMENT_PATHS].map(([path, { access, aliased }]) => ({
      path,
      who: access,
      aliased: aliased ? 'yes' : '',
      status: CONTRACT_PATHS.includes(path) ? expect.stringMatching(/^(?:same|better)$/) : 'new',
    }));
    const byPath = <T extends { path: string }>(rows: readonly T[]) =>
      [...rows].sort((a, b) => a.path.localeCompare(b.path));
    expect(byPath(managed)).toEqual(byPath(expected));
    expect(paths.filter(({ path }) => PROXIED.includes(path)).map(({ path }) => path)).toEqual(PROXIED);
  });
});
