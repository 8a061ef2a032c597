import type { Config, Endpoint } from './config.js';

/** Every configured secret, in the spellings that may turn up in text; what scrubbers are made from. */
export function secretsOf(config: Config): string[] {
  const { admin, clients, upstream, redis, cluster } = config;
  const endpoints = [
    ...upstream.groups.flatMap((group) => group.servers),
    ...cluster.peers,
    ...(cluster.parent === undefined ? [] : [cluster.parent]),
  ];
  const found = [
    ...upstream.credentials.map((credential) => credential.value),
    admin.apiKey,
    ...proxyKeyParts(clients.proxyKeys),
    ...[redis.l2, redis.bus, redis.fallback].map((target) => target?.password),
    ...endpoints.flatMap(endpointSecrets),
    ...forwardProxySecrets(upstream.httpsProxy),
  ];
  return [...new Set(found.filter((secret): secret is string => secret !== undefined && secret !== ''))];
}

/** A user without a password is a token. */
function endpointSecrets({ username, password }: Endpoint): (string | undefined)[] {
  if (password === undefined) return [username];
  return [password, Buffer.from(`${username ?? ''}:${password}`).toString('base64')];
}

function forwardProxySecrets(proxy: string | undefined): string[] {
  if (proxy === undefined) return [];
  const { password } = new URL(proxy);
  return password === '' ? [] : [password, decodeURIComponent(password)];
}

/** Shorter parts are names and limits of tenants rather than keys. */
const SHORTEST_KEY = 12;

function proxyKeyParts(text: string | undefined): string[] {
  if (text === undefined) return [];
  return [text, ...text.split(/[\s,;:=|"{}[\]]+/).filter((part) => part.length >= SHORTEST_KEY)];
}
