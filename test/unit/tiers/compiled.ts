import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../../..');

/**
 * The tiers as plain JavaScript, for processes of their own that a test starts and kills. Made from the sources of
 * this moment, so that neither a missing nor an old `dist` decides what is tested; below node_modules, so that
 * packages are found.
 */
export function compiledTiers(): string {
  const target = join(ROOT, 'node_modules', '.cache', 'tiers-for-tests', String(process.pid));
  for (const file of [
    'clock.ts',
    'deadline.ts',
    'http/headers.ts',
    ...readdirSync(join(ROOT, 'src/tiers')).map((f) => `tiers/${f}`),
  ]) {
    const { outputText } = ts.transpileModule(readFileSync(join(ROOT, 'src', file), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
      },
    });
    const to = join(target, file.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, outputText);
  }
  writeFileSync(join(target, 'package.json'), '{"type":"module"}');
  return pathToFileURL(target).href;
}
