import type { KeyringFigures } from '../keyring/keyring.js';
import type { CollectedMetrics } from './metrics-collected.js';

/** Metrics of the proxy's own keys. */
export function credentialsMetrics(
  _metrics: CollectedMetrics,
  _prefix: string,
  _credentials: () => KeyringFigures,
): void {}
