import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../../..', import.meta.url).pathname;

function scenario(args: readonly string[], env: Record<string, string> = {}) {
  return new Promise<{ status: number; output: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      ['scripts/scenario.mjs', ...args],
      { cwd: ROOT, env: { ...process.env, SCENARIO_FOLDER: 'test/unit/scripts/scenarios', ...env } },
      (_, stdout, stderr) => resolve({ status: child.exitCode ?? -1, output: stdout + stderr }),
    );
  });
}

describe('npm run scenario', { timeout: 60_000 }, () => {
  it('lists the scenarios with their first line when none is named', async () => {
    const { status, output } = await scenario([]);
    expect(status).toBe(0);
    expect(output).toContain('  sample  What a scenario looks like: it measures, reports, and then expects.');
  });

  it('prints what one measured, aligned, with units and what was promised', async () => {
    const { status, output } = await scenario(['sample']);
    expect(output).toContain(
      [
        '  a master is killed',
        '    requests        41,000',
        '    client errors        0      ok  (none)',
        '    p99              12.35  ms',
        '    recovery       1,234.5  ms  ok  (at most 5000)',
        '  and returns',
        '    moved            1,048,576  bytes',
        '    all nodes agree        yes',
      ].join('\n'),
    );
    expect(output).toMatch(/^sample: passed in [\d.]+ s$/m);
    expect(status).toBe(0);
  });

  it('shows the numbers of one that fails, and why, and ends with 1', async () => {
    const { status, output } = await scenario(['all'], { SAMPLE_IS_LATE: '1' });
    expect(output).toMatch(/recovery +9,000 {2}ms +FAILED {2}\(at most 5000\)/);
    expect(output).toContain('expected 9000 to be less than or equal to 5000');
    expect(output).toContain('failed: sample');
    expect(status).toBe(1);
  });

  it('says which there are when the name is unknown, and ends with 2', async () => {
    const { status, output } = await scenario(['smaple']);
    expect(output).toContain('there is no scenario smaple');
    expect(output).toContain('  sample  ');
    expect(status).toBe(2);
  });
});
