import { expect, it } from 'vitest';
import { type Access, MANAGEMENT_PATHS } from '../../../src/admin/paths.js';
import { codeIn, documentText, rowsAfter } from './tables.js';

it('docs/security.md says of every management path who may use it', () => {
  const rows = rowsAfter('<!-- access:', documentText('docs/security.md'));
  const told = new Map(
    rows.map(([who, paths]) => [who!, codeIn(paths!).filter((code) => code.startsWith('/'))]),
  );
  const pathsFor = (wanted: Access) =>
    [...MANAGEMENT_PATHS].filter(([, { access }]) => access === wanted).map(([path]) => path);
  expect([...told.keys()]).toEqual(['everyone', 'admin']);
  for (const who of ['everyone', 'admin'] as const)
    expect(told.get(who)?.sort(), who).toEqual(pathsFor(who).sort());
});
