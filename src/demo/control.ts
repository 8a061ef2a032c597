import type { ServerResponse } from 'node:http';
import type { Edit, EditedKind } from './changes.js';
import type { ApiKeys, KeyRules } from './credentials.js';
import { parseFault } from './fault-kinds.js';
import type { Faults } from './faults.js';
import type { Journal } from './journal.js';
import type { Json, JsonObject } from './random.js';

/** What the control paths steer. */
export interface Controlled {
  readonly faults: Faults;
  readonly requests: Journal;
  readonly keys: ApiKeys;
  /** Makes all of them, or throws and makes none. */
  readonly edit: (edits: readonly Edit[]) => void;
  readonly counters: () => Record<string, number>;
}

const EDITED: ReadonlySet<string> = new Set(['movie', 'tv', 'person', 'collection']);

function faultState({ faults }: Controlled): object {
  return {
    faults: faults.list().map(({ id, hits, fault }) => ({ id, hits, ...fault })),
    gates: faults.gates.all(),
  };
}

function objectOf(body: Json | undefined): JsonObject {
  return (typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}) as JsonObject;
}

function parseEdit(body: Json): Edit {
  const { kind, id, patch } = objectOf(body);
  if (!EDITED.has(String(kind))) throw new TypeError(`"kind" is one of ${[...EDITED].join(', ')}`);
  return { kind: kind as EditedKind, id: Number(id), patch: objectOf(patch) };
}

function isTexts(value: Json | undefined): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function parseKeys({ accepted, suspended }: JsonObject): KeyRules {
  if (accepted !== undefined && accepted !== null && !isTexts(accepted))
    throw new TypeError('"accepted" is a list of keys, or null for any');
  if (suspended !== undefined && !isTexts(suspended)) throw new TypeError('"suspended" is a list of keys');
  return { ...(accepted !== undefined && { accepted }), ...(suspended !== undefined && { suspended }) };
}

function act(controlled: Controlled, method: string, url: URL, body: Json): object | undefined {
  const { faults, requests } = controlled;
  const fields = objectOf(body);
  switch (`${method} ${url.pathname}`) {
    case 'GET /__faults':
      return faultState(controlled);
    case 'POST /__faults': {
      // All are checked before the first is switched on, so that a bad one in a list leaves nothing behind.
      const parsed = [body].flat().map(parseFault);
      return { added: parsed.map((fault) => faults.add(fault).id) };
    }
    case 'DELETE /__faults': {
      const id = url.searchParams.get('id');
      faults.clear(id === null ? undefined : Number(id));
      return faultState(controlled);
    }
    case 'POST /__faults/release':
      return {
        released: faults.release(
          String(fields.name),
          typeof fields.count === 'number' ? fields.count : undefined,
        ),
      };
    case 'GET /__requests': {
      const prefix = url.searchParams.get('prefix') ?? '';
      const list = requests.all().filter(({ target }) => target.startsWith(prefix));
      return {
        total: requests.total,
        count: list.length,
        ...controlled.counters(),
        requests: list.slice(-1000),
      };
    }
    case 'DELETE /__requests':
      requests.reset();
      return { total: 0 };
    case 'POST /__edit': {
      const edits = [body].flat().map(parseEdit);
      controlled.edit(edits);
      return { edited: edits.length };
    }
    case 'POST /__keys':
      controlled.keys.become(parseKeys(fields));
      return { keys: 'changed' };
    default:
      return undefined;
  }
}

/** Whether a target belongs to the control paths, which no fault strikes and no limit counts. */
export function isControl(target: string): boolean {
  return /^\/__(faults|requests|edit|keys)\b/.test(target);
}

/**
 * Answers a control request: `/__faults` (GET, POST one or a list, DELETE with `?id=` or all),
 * `/__faults/release` (POST `{name, count?}`), `/__requests` (GET with `?prefix=`, DELETE), `/__edit` (POST
 * `{kind, id, patch?}` or a list, made in turn), `/__keys` (POST `{accepted?, suspended?}`: lists of keys; `accepted:
 * null` is any but `bad` and `invalid`).
 */
export function control(
  controlled: Controlled,
  method: string,
  target: string,
  text: string,
  res: ServerResponse,
): void {
  let status = 200;
  let answer: object | undefined;
  try {
    answer = act(
      controlled,
      method,
      new URL(target, 'http://control'),
      text === '' ? {} : (JSON.parse(text) as Json),
    );
    if (!answer) status = 404;
  } catch (error) {
    status = 400;
    answer = { error: error instanceof Error ? error.message : String(error) };
  }
  const body = JSON.stringify(answer ?? { error: 'no such control path or method' });
  // Closed afterwards, so that the connection is not counted among those of the client under test.
  res.writeHead(status, { 'content-type': 'application/json', connection: 'close' }).end(body);
}
