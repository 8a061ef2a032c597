import type { Clock } from '../clock.js';
import { isListOf, isText } from './answers.js';
import type { RedisLink } from './link.js';
import type { RedisAddress, RedisSettings } from './options.js';
import { type Command, mapped, nameOf, type Place, type Probe, type ProbeContext, probe } from './probe.js';

/** One server of a deployment, as `/health/redis` shows it. */
export interface RedisNodeRow {
  /** host:port as the deployment announces it. */
  readonly address: string;
  readonly role: 'master' | 'replica' | 'sentinel' | 'unknown';
  /** Ranges as Redis prints them, comma separated; null without any. */
  readonly slots: string | null;
  readonly reachable: boolean;
  /** Of a PING on a fresh connection; null when not reachable. */
  readonly latency_ms: number | null;
  readonly detail: string | null;
}

export interface TopologyOptions {
  readonly address: RedisAddress;
  readonly settings: RedisSettings;
  readonly clock: Clock;
  /** Knows more nodes of a cluster than the configured seeds. */
  readonly link?: Pick<RedisLink, 'nodes'>;
}

/** Of each of the two rounds (those we know of, then those they know of), ms. */
const ROUND_MS = 450;

type Role = RedisNodeRow['role'];

/** Every server of the deployment, each asked directly. Never rejects, never takes longer than a second. */
export function redisNodes(options: TopologyOptions): Promise<RedisNodeRow[]> {
  const { mode } = options.address;
  if (mode === 'cluster') return clusterNodes(options);
  return mode === 'sentinel' ? sentinelNodes(options) : standaloneNodes(options);
}

async function standaloneNodes(options: TopologyOptions): Promise<RedisNodeRow[]> {
  return Promise.all(
    options.address.nodes.map(async (place) =>
      serverRow(place, await probe(round(options), place, [['ROLE']])),
    ),
  );
}

async function sentinelNodes(options: TopologyOptions): Promise<RedisNodeRow[]> {
  const { address } = options;
  const name = address.sentinelName ?? '';
  const commands: Command[] = [
    ['SENTINEL', 'MASTER', name],
    ['SENTINEL', 'REPLICAS', name],
  ];
  const sentinels = await Promise.all(
    address.nodes.map(async (place) => ({
      place,
      answer: await probe(round(options), place, commands, true),
    })),
  );
  const rows = sentinels.map(({ place, answer }) => rowOf(place, 'sentinel', null, answer));
  const told = sentinels.flatMap(({ answer }) => (answer.reachable ? [answer.replies] : []))[0];
  if (told === undefined) return rows;
  const servers = [fields(told[0]), ...listOf(told[1]).map(fields)].flatMap((server, index) => {
    const place = { host: server.get('ip') ?? '', port: Number(server.get('port')) };
    return place.host === ''
      ? []
      : [{ place, role: index === 0 ? ('master' as const) : ('replica' as const) }];
  });
  const asked = servers.map(async ({ place, role }) =>
    serverRow(place, await probe(round(options), place, [['ROLE']]), role),
  );
  return [...(await Promise.all(asked)), ...rows];
}

async function clusterNodes(options: TopologyOptions): Promise<RedisNodeRow[]> {
  const { address, link } = options;
  const pool = (link?.nodes() ?? []).flatMap(({ options: { host, port } }) =>
    host === undefined || port === undefined ? [] : [{ host, port }],
  );
  const first = new Map([...address.nodes, ...pool].map((place) => [nameOf(mapped(address, place)), place]));
  const answers = new Map<string, Probe>();
  const askAll = (places: Iterable<readonly [string, Place]>) =>
    Promise.all(
      [...places].map(async ([key, place]) => {
        answers.set(key, await probe(round(options), place, [['CLUSTER', 'NODES']]));
      }),
    );
  await askAll(first);
  const view = bestView(answers, first);
  if (view === undefined) {
    return [...first].map(([key, place]) => rowOf(place, 'unknown', null, answers.get(key)!));
  }
  const known = view.map((line) => ({ ...line, key: nameOf(mapped(address, line.place)) }));
  await askAll(known.filter(({ key }) => !answers.has(key)).map(({ key, place }) => [key, place] as const));
  return known.map(({ place, role, slots, trouble, key }) =>
    rowOf(place, role, slots, answers.get(key)!, trouble),
  );
}

interface ClusterLine {
  readonly place: Place;
  readonly role: Role;
  readonly slots: string | null;
  /** What the view's owner says is wrong with it. */
  readonly trouble: string | null;
}

/** Of those who answered, the view with the fewest nodes in trouble: a node cut off from the rest calls all others failed. */
export function bestView(
  answers: ReadonlyMap<string, Probe>,
  places: ReadonlyMap<string, Place>,
): ClusterLine[] | undefined {
  const views = [...answers].flatMap(([key, answer]) =>
    answer.reachable ? [parseClusterNodes(String(answer.replies[0]), places.get(key)!)] : [],
  );
  const troubled = (view: ClusterLine[]) => view.filter(({ trouble }) => trouble !== null).length;
  return views
    .filter((view) => view.length > 0)
    .sort((a, b) => troubled(a) - troubled(b) || b.length - a.length)[0];
}

const TROUBLE = new Set(['fail', 'fail?', 'handshake', 'noaddr', 'nofailover']);

/** The answer of CLUSTER NODES. `asked`: who answered; it may not know its own address. */
export function parseClusterNodes(text: string, asked: Place): ClusterLine[] {
  return text.split('\n').flatMap((line) => {
    const [id, address = '', flagText = '', , , , , , ...ranges] = line.trim().split(' ');
    const flags = flagText.split(',');
    const [, host, port] = /^(.*):(\d+)(?:@.*)?$/.exec(address) ?? [];
    if (id === undefined || port === undefined) return [];
    const place = host === '' && flags.includes('myself') ? asked : { host: host!, port: Number(port) };
    // A node that has lost its address is one to forget; nobody can ask it anything.
    if (place.host === '') return [];
    const role: Role = flags.includes('master') ? 'master' : flags.includes('slave') ? 'replica' : 'unknown';
    // Ranges in brackets are slots on the move.
    const slots = ranges.filter((range) => !range.startsWith('[')).join(',');
    const trouble = flags.filter((flag) => TROUBLE.has(flag)).join(', ');
    return [{ place, role, slots: slots || null, trouble: trouble || null }];
  });
}

function round({ address, settings, clock }: TopologyOptions): ProbeContext {
  return { address, settings, clock, deadlineMs: ROUND_MS };
}

/** A server that was asked for its ROLE; its own word counts before that of others. */
function serverRow(place: Place, answer: Probe, believed: Role = 'unknown'): RedisNodeRow {
  const said = answer.reachable ? listOf(answer.replies[0])[0] : undefined;
  const role = said === 'master' ? 'master' : said === 'slave' ? 'replica' : believed;
  return rowOf(place, role, null, answer);
}

function rowOf(
  place: Place,
  role: Role,
  slots: string | null,
  answer: Probe,
  trouble: string | null = null,
): RedisNodeRow {
  const address = nameOf(place);
  if (answer.reachable)
    return { address, role, slots, reachable: true, latency_ms: answer.ms, detail: trouble };
  const detail = trouble === null ? answer.detail : `${trouble}: ${answer.detail}`;
  return { address, role, slots, reachable: false, latency_ms: null, detail };
}

function listOf(reply: unknown): readonly unknown[] {
  return Array.isArray(reply) ? reply : [];
}

/** A flat list of names and values, as the SENTINEL commands answer. */
function fields(flat: unknown): Map<string, string> {
  const list = isListOf(isText)(flat) ? flat : [];
  return new Map(list.flatMap((name, index) => (index % 2 === 0 ? [[name, list[index + 1]!] as const] : [])));
}
