// What a scenario looks like: it measures, reports, and then expects.
import { expect, it } from 'vitest';
import { report } from '../../../support/scenario.js';

it('reports before it expects', async () => {
  const late = process.env.SAMPLE_IS_LATE === '1';
  const recovery = late ? 9000 : 1234.5;
  await report('a master is killed', {
    requests: 41_000,
    client_errors: { value: 0, ok: true, bound: 'none' },
    p99_ms: 12.345,
    recovery: { value: recovery, unit: 'ms', ok: recovery <= 5000, bound: 'at most 5000' },
  });
  await report('and returns', { moved_bytes: 1_048_576, all_nodes_agree: true });
  expect(recovery).toBeLessThanOrEqual(5000);
});
