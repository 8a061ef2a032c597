import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeIn, documentText, rowsAfter } from '../docs/tables.js';

const ROOT = new URL('../../..', import.meta.url).pathname;
const SOAK = join(ROOT, 'test/soak');

const families = readdirSync(SOAK, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'results')
  .map(({ name }) => name)
  .sort();

interface Report {
  readonly family: string;
  readonly commit: string;
  readonly passed: boolean;
  readonly requests: number;
  readonly lost: number;
  readonly wrong: number;
  readonly longestStallMs: number;
}

describe('npm run soak', () => {
  it.each([
    ['no family', [], ''],
    ['a family that there is not', ['nothing', '--minutes', '1'], 'there is no family nothing'],
    ['no minutes', ['hostile'], '--minutes'],
    ['no time', ['hostile', '--minutes', '0'], '--minutes'],
    ['a seed that is no number', ['hostile', '--minutes', '1', '--seed', 'x'], '--seed'],
  ])('with %s says what it takes, and the families there are', (_, args, complaint) => {
    const { status, stderr } = spawnSync(process.execPath, ['scripts/soak.mjs', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain(complaint);
    expect(stderr).toContain(`families: ${families.join(', ')}`);
  });

  it('has a family for each that docs/reliability.md tells of', () => {
    const rows = rowsAfter('## What the families do', documentText('docs/reliability.md'));
    expect(rows.flatMap(([family]) => codeIn(family!)).sort()).toEqual(families);
  });

  it('keeps reports only of runs that passed, with nothing lost and nothing wrong', () => {
    for (const file of readdirSync(join(SOAK, 'results'))) {
      const report = JSON.parse(readFileSync(join(SOAK, 'results', file), 'utf8')) as Report;
      expect(families, file).toContain(report.family);
      expect(report, file).toMatchObject({ passed: true, lost: 0, wrong: 0 });
      expect(report.requests, file).toBeGreaterThan(0);
      expect(report.longestStallMs, file).toBeGreaterThan(0);
      expect(report.commit, file).toMatch(/^[0-9a-f]{7,}$/);
    }
  });
});
