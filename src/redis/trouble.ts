/** Why a Redis call gave no answer. None of them is a fault of the caller: each has a fallback (I-14). */
export type TroubleReason =
  /** Our own deadline passed: a hanging node, a partition, a full event loop. */
  | 'deadline'
  /** Refused, reset, or not connected yet. */
  | 'unreachable'
  /** CLUSTERDOWN, LOADING, MASTERDOWN, TRYAGAIN: the deployment is failing over or starting. */
  | 'failing-over'
  /** READONLY: the node we talk to is a replica now. */
  | 'read-only'
  /** OOM: `maxmemory` is reached and nothing may be evicted. */
  | 'out-of-memory'
  /** NOAUTH, WRONGPASS, NOPERM: the login or its rights are wrong. */
  | 'refused-login'
  /** MOVED, or a cluster's command to a server that is none: the kind of deployment is not the configured one. */
  | 'wrong-topology'
  /** The link was closed by us. */
  | 'closed'
  /** Any other answer that is an error. */
  | 'error';

/** A Redis call failed. `message` names the call, never its arguments: they may hold a secret. */
export class RedisTrouble extends Error {
  override readonly name = 'RedisTrouble';
  constructor(
    readonly reason: TroubleReason,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

const BY_PREFIX: readonly (readonly [RegExp, TroubleReason])[] = [
  [/^(CLUSTERDOWN|LOADING|MASTERDOWN|TRYAGAIN|BUSY)\b/, 'failing-over'],
  [/^(MOVED|ASK|CROSSSLOT)\b|cluster support disabled/, 'wrong-topology'],
  [/^READONLY\b/, 'read-only'],
  [/^OOM\b/, 'out-of-memory'],
  [/^(NOAUTH|WRONGPASS|NOPERM)\b|AUTH.*(failed|called)/, 'refused-login'],
  [
    /Connection is closed|ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|isn't (writeable|ready)|Cluster isn't ready|Failed to refresh slots|None of startup nodes|All sentinels are unreachable|Too many Cluster redirections|Socket timeout|Command timed out/i,
    'unreachable',
  ],
];

/** What to do about it, where the configuration is the likely cause. */
const HINTS: Partial<Record<TroubleReason, string>> = {
  'refused-login': 'check REDIS_USERNAME and REDIS_PASSWORD and the rights in docs/redis.md',
  'wrong-topology': 'a cluster needs REDIS_CLUSTER_NODES, a single server REDIS_URL',
  'out-of-memory': 'maxmemory is reached; set maxmemory-policy volatile-lru',
};

/** What a rejection of the client means. `what` names the call. */
export function asTrouble(what: string, thrown: unknown): RedisTrouble {
  if (thrown instanceof RedisTrouble) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  // Inside a script the error of a command is wrapped in one of the script.
  const bare = text.replace(/^ERR Error running script.*?: (@user_script: \d+: )?/, '');
  const reason = BY_PREFIX.find(([pattern]) => pattern.test(bare))?.[1] ?? 'error';
  const hint = HINTS[reason];
  return new RedisTrouble(reason, `redis ${what}: ${reason}${hint === undefined ? '' : ` (${hint})`}`, {
    cause: thrown,
  });
}
