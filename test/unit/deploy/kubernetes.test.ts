import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseDotenv } from 'dotenv';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { loadConfig } from '../../../src/config/load.js';
import { SETTINGS } from '../../../src/config/settings/index.js';
import { only, REPOSITORY, readDockerfile } from '../../support/dockerfile.js';
import { type Manifest, schemaProblems, unknownFields } from './kubernetes-schema.js';

const FOLDER = `${REPOSITORY}deploy/kubernetes/`;
const textOf = (path: string) => readFileSync(FOLDER + path, 'utf8');
const documents = (text: string) =>
  parseAllDocuments(text, { merge: true }).map((document) => document.toJS() as Manifest);

interface Kustomization {
  readonly resources: readonly string[];
  readonly images: readonly { readonly name: string; readonly newTag: string }[];
}

interface Port {
  readonly name: string;
  readonly containerPort: number;
}
interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
  readonly periodSeconds: number;
  readonly failureThreshold: number;
}
interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly valueFrom: object }[];
  readonly envFrom: readonly object[];
  readonly ports: readonly Port[];
  readonly startupProbe: Probe;
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly resources: { readonly limits: Record<string, string>; readonly requests: Record<string, string> };
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}
interface PodSpec {
  readonly containers: readonly [Container];
  readonly terminationGracePeriodSeconds: number;
  readonly automountServiceAccountToken: boolean;
  readonly enableServiceLinks: boolean;
  readonly securityContext: Record<string, unknown>;
  readonly volumes: readonly { readonly name: string; readonly emptyDir: { readonly sizeLimit: string } }[];
}

const kustomization = parse(textOf('base/kustomization.yaml')) as Kustomization;
const base = kustomization.resources.flatMap((path) => documents(textOf(`base/${path}`)));
const [monitor] = documents(textOf('service-monitor/service-monitor.yaml'));
const [secret] = documents(textOf('secret.example.yaml'));
const settings = parseDotenv(textOf('base/proxy.env'));
const { final } = readDockerfile();
const { version } = JSON.parse(readFileSync(`${REPOSITORY}package.json`, 'utf8')) as { version: string };

const of = <T>(kind: string, name = 'tmdb-cache-proxy'): T =>
  base.find((object) => object.kind === kind && object.metadata.name === name) as T;
const deployment = of<{ spec: { template: { metadata: Manifest['metadata']; spec: PodSpec } } }>(
  'Deployment',
);
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const gibibytes = (quantity: string) => Number(/^(\d+)Gi$/.exec(quantity)![1]);

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const rendered = (folder: string) =>
  documents(execFileSync('kubectl', ['kustomize', FOLDER + folder], { encoding: 'utf8' }));
const overlays = hasKubectl
  ? { base: rendered('base'), single: rendered('single') }
  : { base: [], single: [] };

describe('deploy/kubernetes, by the schemas of Kubernetes and of the Prometheus operator', () => {
  const misspelt = structuredClone(deployment) as unknown as Manifest & typeof deployment;
  Object.assign(misspelt.spec.template.spec.containers[0], { readinesProbe: {} });
  const all = [...base, monitor!, secret!, ...overlays.base, ...overlays.single];
  const unknown = unknownFields([...all, misspelt]);

  it.each(all.map((manifest, i) => [manifest.kind, manifest.metadata.name, manifest, unknown[i]] as const))(
    '%s %s has every field it needs, of the right type, and none that there is not',
    (_kind, _name, manifest, fields) => {
      expect(schemaProblems(manifest)).toEqual([]);
      expect(fields).toEqual([]);
    },
  );

  it('would not pass with a misspelt, a missing or a wrong field', () => {
    expect(unknown.at(-1)!.join()).toContain('readinesProbe');
    const wrong = { ...(deployment as unknown as Manifest), spec: { replicas: 'two' } };
    expect(schemaProblems(wrong).join()).toMatch(/replicas must be integer/);
    expect(schemaProblems(wrong).join()).toMatch(/selector/);
  });
});

describe('deploy/kubernetes/base, and the program', () => {
  it('sets only variables that the program knows', () => {
    const env = container.env.map(({ name }) => name);
    const secrets = Object.keys((secret as unknown as { stringData: object }).stringData);
    const names = [...Object.keys(settings), ...env, ...secrets];
    expect(names.filter((name) => !Object.hasOwn(SETTINGS, name))).toEqual([]);
    expect(new Set(names).size).toBe(names.length);
  });

  it('sets values that the program takes', () => {
    const { config } = loadConfig({ env: { ...settings, SERVER_ID: 'tmdb-cache-proxy-0' }, cwd: '/' });
    expect(config.redis).toBeDefined();
    expect(config.server).toMatchObject({ adminPort: 6636, metricsPort: 6637, shutdownDelayMs: 10_000 });
  });

  it('has no value in the example of a secret', () => {
    expect(Object.values((secret as unknown as { stringData: object }).stringData)).toEqual(['', '', '']);
    expect(kustomization.resources.join()).not.toContain('secret');
  });

  it('names the node by its pod', () => {
    expect(container.env).toEqual([
      { name: 'SERVER_ID', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ]);
  });

  it('runs the image of this version, by one tag', () => {
    expect(kustomization.images).toMatchObject([{ name: container.image, newTag: version }]);
  });

  it('has the ports that the program listens on, under one name each in pod, services, probes, policy and monitor', () => {
    const ports = Object.fromEntries(
      container.ports.map(({ name, containerPort }) => [name, String(containerPort)]),
    );
    expect(ports).toEqual({
      http: settings.PORT,
      admin: settings.ADMIN_PORT,
      metrics: settings.METRICS_PORT,
    });
    expect(ports.http).toBe(only(final, 'EXPOSE'));
    const { startupProbe, livenessProbe, readinessProbe } = container;
    expect([startupProbe, livenessProbe, readinessProbe].map(({ httpGet }) => httpGet)).toEqual([
      { path: '/livez', port: 'http' },
      { path: '/livez', port: 'http' },
      { path: '/readyz', port: 'http' },
    ]);
    const served = (name: string) =>
      of<{ spec: { ports: { name: string; port: number; targetPort: string }[] } }>('Service', name).spec
        .ports;
    expect(served('tmdb-cache-proxy')).toEqual([
      { name: 'http', port: Number(ports.http), targetPort: 'http' },
    ]);
    expect(served('tmdb-cache-proxy-internal')).toEqual(
      ['admin', 'metrics'].map((name) => ({ name, port: Number(ports[name]), targetPort: name })),
    );
    const policy = of<{ spec: { ingress: { ports: { port: string }[] }[] } }>('NetworkPolicy');
    expect(policy.spec.ingress.flatMap(({ ports: open }) => open.map(({ port }) => port))).toEqual(
      Object.keys(ports),
    );
  });

  it('selects its pods everywhere, and nothing else of them for clients than the public port', () => {
    const { labels } = deployment.spec.template.metadata;
    expect(labels).toEqual({ 'app.kubernetes.io/name': 'tmdb-cache-proxy' });
    const selectors = JSON.stringify([...base, monitor]).match(
      /"(?:selector|podSelector|labelSelector)":\{[^}]*\}/g,
    )!;
    const ours = selectors.filter((text) => text.includes('app.kubernetes.io/name":"tmdb-cache-proxy"'));
    // Deployment, two spreads, two services, budget, policy, monitor.
    expect(ours).toHaveLength(8);
    const internal = of<Manifest>('Service', 'tmdb-cache-proxy-internal').metadata.labels;
    const monitored = monitor as unknown as {
      spec: { selector: { matchLabels: object }; endpoints: { port: string; path: string }[] };
    };
    expect(internal).toMatchObject(monitored.spec.selector.matchLabels);
    expect(monitored.spec.endpoints).toMatchObject([{ port: 'metrics', path: '/metrics' }]);
    expect(of<{ spec: { scaleTargetRef: object } }>('HorizontalPodAutoscaler').spec.scaleTargetRef).toEqual({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      name: 'tmdb-cache-proxy',
    });
  });

  it('gives a pod the time to end that the program takes at most, after everybody has seen it turn not ready', () => {
    const delay = Number(settings.SHUTDOWN_DELAY);
    // 10 s: serve-command.ts gives up then.
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(delay + Number(settings.SHUTDOWN_TIMEOUT) + 10);
    const { periodSeconds, failureThreshold } = container.readinessProbe;
    expect(delay).toBeGreaterThan(periodSeconds * failureThreshold);
  });

  it('bounds the store below its volume, and the volume below what the pod may take', () => {
    const store = SETTINGS.DISK_CACHE_BYTES.kind.read(settings.DISK_CACHE_BYTES!);
    const data = pod.volumes.find(({ name }) => name === 'data')!;
    const { requests, limits } = container.resources;
    expect(store).toBeLessThan(gibibytes(data.emptyDir.sizeLimit) * 1024 ** 3);
    expect(gibibytes(data.emptyDir.sizeLimit)).toBeLessThanOrEqual(gibibytes(requests['ephemeral-storage']!));
    expect(gibibytes(data.emptyDir.sizeLimit)).toBeLessThan(gibibytes(limits['ephemeral-storage']!));
  });

  it('has memory for its workers, and asks for all of it', () => {
    const { requests, limits } = container.resources;
    const mebibytes = gibibytes(limits.memory!) * 1024;
    const processes = Number(settings.WORKERS) + 1;
    expect(requests.memory).toBe(limits.memory);
    expect(Math.min(256, mebibytes / 4) + processes * 90).toBeLessThan(mebibytes * 0.75);
    expect(limits).not.toHaveProperty('cpu');
  });

  it('mounts what the program writes to, and nothing else can be written', () => {
    expect(container.volumeMounts.map(({ name, mountPath }) => [name, mountPath])).toEqual([
      ['data', only(final, 'VOLUME')],
      ['tmp', '/tmp'],
    ]);
    expect(pod.volumes.map(({ name }) => name)).toEqual(['data', 'tmp']);
  });

  it('fits the Pod Security Standard `restricted`', () => {
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    const [uid, gid] = only(final, 'USER').split(':').map(Number);
    expect(pod.securityContext).toMatchObject({
      runAsNonRoot: true,
      runAsUser: uid,
      runAsGroup: gid,
      fsGroup: gid,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.enableServiceLinks).toBe(false);
    const text = JSON.stringify(pod);
    for (const word of ['hostNetwork', 'hostPID', 'hostIPC', 'hostPath', 'hostPort', 'privileged'])
      expect(text).not.toContain(`"${word}"`);
  });
});

describe.runIf(hasKubectl)('deploy/kubernetes, as kubectl puts it together', () => {
  it('single is one pod with a claim larger than the store, the base’s otherwise, and nothing that scales', () => {
    const manifests = overlays.single;
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'NetworkPolicy',
      'Service',
      'Service',
      'StatefulSet',
    ]);
    const set = manifests.find(({ kind }) => kind === 'StatefulSet') as unknown as {
      spec: {
        replicas: number;
        template: { spec: PodSpec };
        volumeClaimTemplates: [
          { metadata: { name: string }; spec: { resources: { requests: { storage: string } } } },
        ];
      };
    };
    const { data } = manifests.find(({ kind }) => kind === 'ConfigMap') as unknown as {
      data: Record<string, string>;
    };
    const [claim] = set.spec.volumeClaimTemplates;
    expect(set.spec.replicas).toBe(1);
    expect(loadConfig({ env: data, cwd: '/' }).config.cache.l2).toBe('disk');
    expect(data).toMatchObject({ USE_REDIS: 'false', REDIS_CLUSTER_NODES: '', PORT: settings.PORT });
    const store = SETTINGS.DISK_CACHE_BYTES.kind.read(data.DISK_CACHE_BYTES!);
    expect(store).toBeLessThan(gibibytes(claim.spec.resources.requests.storage) * 1024 ** 3);
    expect([claim.metadata.name, ...set.spec.template.spec.volumes.map(({ name }) => name)]).toEqual([
      'data',
      'tmp',
    ]);
    expect(set.spec.template.spec.containers[0].securityContext).toEqual(container.securityContext);
  });

  it('gives pods the generated ConfigMap and the Secret', () => {
    const manifests = overlays.base;
    const map = manifests.find(({ kind }) => kind === 'ConfigMap')!.metadata.name;
    const { spec } = manifests.find(({ kind }) => kind === 'Deployment') as unknown as typeof deployment;
    expect(spec.template.spec.containers[0].envFrom).toEqual([
      { configMapRef: { name: map } },
      { secretRef: { name: 'tmdb-cache-proxy', optional: true } },
    ]);
    expect(spec.template.spec.containers[0].image).toBe(`tmdb-cache-proxy:${version}`);
  });

  it('puts the kustomization of docs/containers.md together', () => {
    const chapter = readFileSync(`${REPOSITORY}docs/containers.md`, 'utf8').split('\n## Kubernetes\n')[1]!;
    const folder = mkdtempSync(join(tmpdir(), 'tmdb-proxy-kustomize-'));
    cpSync(FOLDER, join(folder, 'deploy/kubernetes'), { recursive: true });
    writeFileSync(join(folder, 'kustomization.yaml'), /```yaml\n(.*?)```/s.exec(chapter)![1]!);
    const manifests = documents(execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' }));
    rmSync(folder, { recursive: true });
    expect(manifests.map(({ kind }) => kind)).toContain('ServiceMonitor');
    const { data } = manifests.find(({ kind }) => kind === 'ConfigMap') as unknown as {
      data: Record<string, string>;
    };
    expect(data).toMatchObject({ REGION: 'eu', PORT: settings.PORT });
    expect(loadConfig({ env: data, cwd: '/' }).config.cache.l2).toBe('redis');
    expect(JSON.stringify(manifests)).toContain(`"registry.example.org/tmdb-cache-proxy:${version}"`);
  });
});
