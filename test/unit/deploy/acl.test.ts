import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../support/redis-server.js';

const DOCUMENT = readFileSync(new URL('../../../docs/redis.md', import.meta.url), 'utf8');
const RULE = /^user (tmdb-proxy) (.+)$/m.exec(DOCUMENT)!;

describe('the user that docs/redis.md proposes', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis();
    await redis.cli('acl', 'setuser', RULE[1]!, 'reset', ...RULE[2]!.split(' '));
  });
  afterAll(() => redis.stop());

  const may = async (command: string) =>
    (await redis.cli('acl', 'dryrun', RULE[1]!, ...command.split(' '))) === 'OK';

  it.each([
    'getrange tmdb:e:{x}:k 0 1',
    'pttl tmdb:e:{x}:k',
    'strlen tmdb:e:{x}:k',
    'set tmdb:l:{x} 1 nx px 3000',
    'unlink tmdb:e:{x}:k',
    'zadd tmdb:{bus}:rules gt 1 h|all',
    'zrange tmdb:{bus}:rules (1 +inf byscore',
    'sadd tmdb:{bus}:nodes a',
    'mget tmdb:{bus}:node:a tmdb:{bus}:node:b',
    'incr tmdb:{bus}:rate:api',
    'eval return 0',
    'evalsha x 1 tmdb:l:{x}',
    'script load x',
    'publish tmdb:bus:fills x',
    'subscribe tmdb:bus:fills',
    'scan 0 match tmdb:e:*',
    'dbsize',
    'info memory',
    'role',
    'time',
    'ping',
    'select 0',
    'cluster slots',
    'cluster nodes',
  ])('may do what the program does: %s', async (command) => {
    expect(await may(command)).toBe(true);
  });

  it.each([
    'flushall',
    'keys *',
    'config get x',
    'cluster reset',
    'shutdown',
    'debug sleep 1',
    'get other:key',
  ])('may not do harm: %s', async (command) => {
    expect(await may(command)).toBe(false);
  });
});
