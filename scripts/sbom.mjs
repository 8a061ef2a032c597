// `npm run --silent sbom > sbom.json`: what an installation brings along, from package-lock.json, as CycloneDX. Needs no network.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const { name } = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages;

/** `name@version` of everything that is installed without dependencies of development, as `bom-ref` has it. */
const installed = new Set(
  Object.entries(lock)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`),
);

// Not `--omit=dev`: npm 11 then leaves out what both we and a dependency of development need (ioredis, yaml).
const bom = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format=cyclonedx', '--package-lock-only'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 2 ** 26,
  }),
);
const root = bom.metadata.component['bom-ref'];
bom.components = bom.components.filter((component) => installed.has(component['bom-ref']));
bom.dependencies = bom.dependencies
  .filter(({ ref }) => ref === root || installed.has(ref))
  .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((needed) => installed.has(needed)) }));
// npm calls it after the folder, and both of these differ from one run to the next: the same lock file gives the same bytes.
bom.metadata.component.name = name;
delete bom.metadata.timestamp;
delete bom.serialNumber;
console.log(JSON.stringify(bom, null, 2));
