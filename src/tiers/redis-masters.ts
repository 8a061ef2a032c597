import type { ChainableCommander, Redis } from 'ioredis';
import type { RedisLink } from '../redis/link.js';
import { RedisTrouble } from '../redis/trouble.js';

/** One master, and where it is. */
export interface Master {
  readonly address: string;
  readonly node: Redis;
}

/** Every master, in an order that does not depend on when the client heard of it. SCAN, INFO and the like reach one node only. */
export function mastersOf(link: RedisLink): Master[] {
  return link
    .masters()
    .map((node) => ({ address: `${node.options.host}:${node.options.port}`, node }))
    .sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** One reply of a pipeline: what it answered, or why not. */
export type Reply = readonly [error: Error | null, value: unknown];

/** Every reply of the pipeline, failed ones too: on a cluster one key may have moved while its neighbours have not. */
export async function repliesOf(pipeline: ChainableCommander): Promise<readonly Reply[]> {
  const replies = await pipeline.exec();
  if (replies === null) throw new RedisTrouble('error', 'redis pipeline: no answer');
  return replies;
}

/** The values of a pipeline; rejects when one of its commands failed. */
export async function valuesOf(pipeline: ChainableCommander): Promise<unknown[]> {
  const replies = await repliesOf(pipeline);
  for (const [error] of replies) if (error !== null) throw error;
  return replies.map(([, value]) => value);
}
