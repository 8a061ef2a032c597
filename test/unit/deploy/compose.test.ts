import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { readCompose } from './compose-file.js';

const { services, networks } = readCompose();
const redis = Object.entries(services).filter(([name]) => /^redis-\d$/.test(name));
const { 'redis-init': init, proxy } = services;
const addressOf = (name: string) =>
  (services[name]!.networks as Record<string, { ipv4_address: string }>).redis!.ipv4_address;

describe('docker-compose.redis.yml, its order', () => {
  it('waits in the order that forms a cluster first: healthy nodes, a completed init, then the proxy', () => {
    expect(Object.values(init!.depends_on!)).toEqual(redis.map(() => ({ condition: 'service_healthy' })));
    expect(Object.keys(init!.depends_on!)).toEqual(redis.map(([name]) => name));
    expect(proxy!.depends_on).toEqual({ 'redis-init': { condition: 'service_completed_successfully' } });
    expect(init!.restart).toBe('no');
  });
});

describe('docker-compose.redis.yml, Redis', () => {
  it('starts six Redis 7 nodes that restart and are watched', () => {
    expect(redis).toHaveLength(6);
    for (const [, service] of redis) {
      expect(service.image).toMatch(/^redis:7/);
      expect(service.restart).toBe('unless-stopped');
      expect(service.healthcheck!.test[1]).toContain('ping');
    }
  });

  it('publishes no port beyond loopback', () => {
    for (const [name, service] of Object.entries(services))
      for (const port of service.ports ?? []) expect(port, name).toMatch(/^127\.0\.0\.1:\d+:\d+$/);
  });

  it('announces addresses and names that mean the same node inside and outside', () => {
    const prefix = redis[0]![1].environment.NET_PREFIX!;
    redis.forEach(([name, service], index) => {
      const node = String(index + 1);
      expect(service.environment.NODE).toBe(node);
      expect(name).toBe(`redis-${node}`);
      expect(addressOf(name)).toBe(`${prefix}.1${node}`);
      expect(service.ports).toEqual([`127.0.0.1:700${node}:700${node}`]);
    });
    const command = redis[0]![1].command![2]!;
    expect(command).toContain('--port "700$NODE"');
    expect(command).toContain('--cluster-announce-ip "$NET_PREFIX.1$NODE"');
    expect(command).toContain('--cluster-announce-hostname "redis-$NODE"');
  });

  it('gives no fixed address away to a container that asks for any', () => {
    const [{ subnet, ip_range: range }] = networks.redis!.ipam.config as [Record<string, string>];
    const lowest = Number(range!.split('/')[0]!.split('.')[3]);
    for (const [name] of redis) {
      expect(addressOf(name).startsWith(subnet!.replace('0/24', ''))).toBe(true);
      expect(Number(addressOf(name).split('.')[3])).toBeLessThan(lowest);
    }
  });

  it('moves everything when the network is given another prefix', () => {
    const moved = JSON.stringify(readCompose({ REDIS_NET_PREFIX: '192.168.77' }));
    expect(moved).not.toContain('10.89.66');
    expect(moved).toContain('192.168.77.16:7006');
  });

  it('gives the proxy and the init the addresses that the nodes have', () => {
    const nodes = redis.map(([name], index) => `${addressOf(name)}:700${index + 1}`);
    expect(init!.environment.NODES!.split(' ')).toEqual(nodes);
    expect(proxy!.environment.REDIS_CLUSTER_NODES).toBe(nodes.join(','));
  });

  it('takes one password for all and shows it on no command line', () => {
    const { services: own } = readCompose({ REDIS_PASSWORD: 'a $ecret "with" blanks' });
    for (const [name, service] of Object.entries(own)) {
      const { REDISCLI_AUTH, REDIS_PASSWORD } = service.environment;
      expect(REDISCLI_AUTH ?? REDIS_PASSWORD, name).toBe('a $ecret "with" blanks');
      expect(JSON.stringify([service.command, service.healthcheck])).not.toContain('$ecret');
    }
    expect(services['redis-1']!.environment.REDISCLI_AUTH).not.toBe('');
  });
});

describe('docker-compose.redis.yml, the proxy', () => {
  it('passes the key of TMDB and of the management through', () => {
    const given = readCompose({ TMDB_API_KEY: 'k3y', ADMIN_API_KEY: 'adm1n' }).services.proxy!;
    expect(given.environment).toMatchObject({
      TMDB_API_KEY: 'k3y',
      ADMIN_API_KEY: 'adm1n',
      USE_REDIS: 'true',
    });
  });
});

describe('docker-compose.redis.yml, its shell', () => {
  it.each(['redis-1', 'redis-init'])('%s is sound POSIX shell', (name) => {
    execFileSync('sh', ['-n', '-c', services[name]!.command![2]!]);
  });
});
