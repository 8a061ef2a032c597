import { createRequire } from 'node:module';
import ts from 'typescript';
import { REPOSITORY } from '../../support/dockerfile.js';

/** An object as YAML has it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly [field: string]: unknown;
}

interface Model {
  validate(): void;
}

const require = createRequire(import.meta.url);

/** Module of the published models that has this kind; of the Prometheus operator's, for its own. */
function moduleOf({ apiVersion, kind }: Manifest): string {
  const family = apiVersion.startsWith('monitoring.coreos.com/')
    ? '@kubernetes-models/prometheus-operator'
    : 'kubernetes-models';
  // The group `networking.k8s.io` keeps its name, `v1` has none.
  return `${family}/${apiVersion}/${kind}`;
}

/** What the JSON schema of the kind says against it: wrong types, missing fields. It knows nothing of fields there are not. */
export function schemaProblems(manifest: Manifest): string[] {
  const { [manifest.kind]: Kind } = require(moduleOf(manifest)) as Record<
    string,
    new (
      data: object,
    ) => Model
  >;
  if (Kind === undefined) return [`no schema of ${manifest.kind}`];
  try {
    new Kind(manifest).validate();
    return [];
  } catch (error) {
    return [(error as Error).message];
  }
}

/**
 * What TypeScript says against each as a literal of the models' types: fields that do not exist, such as misspelt ones. All at
 * once, because reading the types takes seconds.
 */
export function unknownFields(manifests: readonly Manifest[]): string[][] {
  const file = `${REPOSITORY}test/unit/deploy/manifests.ts`;
  const lines = manifests.map((manifest, i) => {
    const type = `import('${moduleOf(manifest)}').I${manifest.kind}`;
    return `export const manifest${i}: ${type} = ${JSON.stringify(manifest)};`;
  });
  const source = ts.createSourceFile(file, lines.join('\n'), ts.ScriptTarget.ES2022);
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ['lib.es2015.d.ts'],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (path) => path === file || fileExists(path);
  host.getSourceFile = (path, language) => (path === file ? source : getSourceFile(path, language));
  const problems = manifests.map((): string[] => []);
  for (const { start = 0, messageText } of ts
    .createProgram([file], options, host)
    .getSemanticDiagnostics(source)) {
    const { line } = source.getLineAndCharacterOfPosition(start);
    problems[line]!.push(ts.flattenDiagnosticMessageText(messageText, '\n'));
  }
  return problems;
}
