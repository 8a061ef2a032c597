import type { KeyringFigures } from '../keyring/keyring.js';
import type { CollectedMetrics } from './metrics-collected.js';

const STATES = ['in-use', 'ready', 'refused'] as const;

/** Metrics of the proxy's own keys: how many, never which. */
export function credentialsMetrics(
  metrics: CollectedMetrics,
  prefix: string,
  credentials: () => KeyringFigures,
): void {
  metrics.add(
    {
      name: `${prefix}credentials`,
      help: 'Keys of TMDB_API_KEY by state.',
      type: 'gauge',
      labels: ['state'],
    },
    () => {
      const { keys } = credentials();
      return STATES.map((state) => ({
        labels: { state },
        value: keys.filter((key) => key.state === state).length,
      }));
    },
  );
  metrics.add(
    {
      name: `${prefix}credential_refusals_total`,
      help: 'Answers by which TMDB refused one of our keys.',
      type: 'counter',
    },
    () => [{ labels: {}, value: credentials().refusals }],
  );
}
