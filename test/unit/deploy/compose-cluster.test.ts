import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ComposeNode, runInit, shapeOf, startComposeNode } from './compose-run.js';

/** The commands of docker-compose.redis.yml themselves, run by a real redis-server: what Redis refuses fails here. */
describe('the cluster of docker-compose.redis.yml', { timeout: 120_000 }, () => {
  const nodes: ComposeNode[] = [];

  beforeAll(async () => {
    // All of them settled, so that those which did start are ended when another did not.
    const starts = await Promise.allSettled([1, 2, 3, 4, 5, 6].map(startComposeNode));
    for (const start of starts) if (start.status === 'fulfilled') nodes.push(start.value);
    for (const start of starts) if (start.status === 'rejected') throw start.reason;
  });
  afterAll(async () => {
    await Promise.all(nodes.map((node) => node.stop()));
  });

  const idOf = (node: ComposeNode) => node.ask('cluster', 'myid');
  const expectFormed = async () => {
    for (const node of nodes) {
      const info = await node.ask('cluster', 'info');
      expect(info).toContain('cluster_state:ok');
      expect(info).toContain('cluster_slots_ok:16384');
      expect(info).toContain('cluster_known_nodes:6');
      expect(info).toContain('cluster_size:3');
    }
  };
  const nodeWith = async (role: 'master' | 'slave', than?: ComposeNode) => {
    for (const node of nodes) if (node !== than && (await node.ask('role')).startsWith(role)) return node;
    throw new Error(`no ${role}`);
  };

  it('is formed by the init service: three masters, three replicas, all slots', async () => {
    await runInit(nodes);
    await expectFormed();
    const shape = await shapeOf(nodes[0]!);
    expect(shape.filter((line) => line.includes('master'))).toHaveLength(3);
    expect(shape.filter((line) => line.includes('slave'))).toHaveLength(3);
  });

  it('is left alone by a second run', async () => {
    const before = await shapeOf(nodes[0]!);
    expect(await runInit(nodes)).toBe('redis-init: the cluster is formed\n');
    expect(await shapeOf(nodes[0]!)).toEqual(before);
  });

  it('runs with bounded memory, volatile-lru and no persistence (I-4)', async () => {
    const value = async (name: string) => (await nodes[0]!.ask('config', 'get', name)).split('\n')[1] ?? '';
    expect(await value('maxmemory')).toBe(String(256 * 1024 * 1024));
    expect(await value('maxmemory-policy')).toBe('volatile-lru');
    expect(await value('save')).toBe('');
    expect(await value('appendonly')).toBe('no');
    expect(await value('cluster-require-full-coverage')).toBe('no');
    expect(await value('repl-diskless-sync-delay')).toBe('0');
  });

  it('answers nobody without the password', async () => {
    expect(await nodes[0]!.ask('--user', 'default', '--pass', 'wrong', 'ping').catch(String)).toMatch(
      /WRONGPASS|NOAUTH/,
    );
  });

  it('announces an address and a name', async () => {
    const slots = await nodes[0]!.ask('cluster', 'slots');
    expect(slots).toContain('127.0.0.1');
    expect(slots).toMatch(/redis-[1-6]/);
  });

  it('takes a recreated replica back and moves no slot', async () => {
    const replica = await nodeWith('slave');
    const other = nodes.find((node) => node !== replica)!;
    const slots = async () => (await shapeOf(other)).filter((line) => line.includes('master'));
    const before = await slots();
    const old = await idOf(replica);
    await replica.recreate();
    const said = await runInit(nodes);
    expect(said).toContain(`forget ${old}`);
    expect(said).not.toContain('starting over');
    await expectFormed();
    expect(await slots()).toEqual(before);
    expect(await replica.ask('role')).toMatch(/^slave/);
  });

  it('takes a recreated master back as a replica', async () => {
    const master = await nodeWith('master');
    await master.recreate();
    expect(await runInit(nodes)).not.toContain('starting over');
    await expectFormed();
    expect(await master.ask('role')).toMatch(/^slave/);
  });

  it('pauses a starting node until its replica has taken over, so that it does not empty it (I-4)', async () => {
    const master = await nodeWith('master');
    const other = await nodeWith('master', master);
    const key = await keyOn(master);
    await master.ask('set', key, 'kept', 'ex', '600');
    await master.ask('wait', '1', '5000');
    const old = await idOf(master);
    await master.recreate('as in the file');
    const said = await runInit(nodes);
    expect(said).toContain(`forget ${old}`);
    expect(said).not.toMatch(/takeover|starting over/);
    await expectFormed();
    expect(await other.ask('-c', 'get', key)).toBe('kept');
  });

  it('starts over, empty, when master and replica of a shard are gone at once', async () => {
    const master = await nodeWith('master');
    const id = await idOf(master);
    const line = (await master.ask('cluster', 'nodes'))
      .split('\n')
      .find((row) => row.includes(`slave ${id}`))!;
    const replica = nodes.find(({ port }) => line.includes(`:${port}@`))!;
    await Promise.all([master.recreate(), replica.recreate()]);
    expect(await runInit(nodes)).toContain('starting over');
    await expectFormed();
  });

  it('finishes what an interrupted run has begun', async () => {
    for (const node of nodes) {
      await node.ask('flushall');
      await node.ask('cluster', 'reset', 'hard');
    }
    await nodes[0]!.ask('cluster', 'addslotsrange', '0', '5460');
    await runInit(nodes);
    await expectFormed();
  });
});

/** A key whose slot `node` serves. */
async function keyOn(node: ComposeNode): Promise<string> {
  for (let i = 0; i < 200; i++) {
    const answer = await node.ask('set', `k${i}`, 'x', 'ex', '600');
    if (answer === 'OK') return `k${i}`;
  }
  throw new Error('no key of 200 lies on this node');
}
