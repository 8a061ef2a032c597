import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Got } from './raw-client.js';

type Json = Record<string, unknown>;

interface MediaType {
  readonly schema: Json;
  readonly example?: unknown;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly Record<string, readonly string[]>[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly example?: unknown;
    readonly schema: Json;
  }[];
  readonly requestBody?: { readonly content: Record<string, MediaType> };
  readonly responses: Record<string, { readonly content?: Record<string, MediaType> }>;
}

export interface ApiDocument {
  readonly openapi: string;
  readonly jsonSchemaDialect: string;
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, Json>;
    readonly securitySchemes: Record<string, Json>;
  };
}

const ID = 'document';
const OPEN = '.open';

/**
 * Compares answers with an OpenAPI 3.1 document, as JSON Schema 2020-12. Objects are taken as closed: a member that no schema
 * knows is an error.
 */
export class ApiContract {
  readonly document: ApiDocument;
  readonly #ajv: Ajv2020;
  readonly #validators = new Map<string, ValidateFunction>();

  /** Throws when a schema of the document is none of JSON Schema 2020-12. */
  constructor(document: ApiDocument) {
    this.document = document;
    this.#ajv = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true, strictRequired: false });
    addFormats.default(this.#ajv);
    for (const [name, schema] of Object.entries(document.components.schemas))
      if (this.#ajv.validateSchema(schema) !== true)
        throw new Error(`${name}: ${this.#ajv.errorsText(this.#ajv.errors)}`);
    // The document is no schema, what is referred to in it is.
    const whole = closedDocument(document);
    this.#ajv.addVocabulary(Object.keys(whole));
    this.#ajv.addSchema(whole, ID, false, false);
  }

  /** Every operation as `GET /path`, with what the document says of it. */
  operations(): Map<string, Operation> {
    const rows = Object.entries(this.document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as [string, Operation],
      ),
    );
    return new Map(rows);
  }

  /** Every `GET /path 200` that is documented; `default` is none. */
  documented(): string[] {
    return [...this.operations()].flatMap(([name, { responses }]) =>
      Object.keys(responses)
        .filter((status) => status !== 'default')
        .map((status) => `${name} ${status}`),
    );
  }

  /** What is wrong with an answer to an operation, a line each; none: it is as documented. */
  faultsOf(name: string, { status, headers, body }: Got): string[] {
    const operation = this.operations().get(name);
    if (operation === undefined) return [`${name} is not in the document`];
    const listed = operation.responses[status] === undefined ? 'default' : String(status);
    const content = operation.responses[listed]?.content ?? {};
    const type = (headers['content-type'] ?? 'none').split(';')[0]!.trim();
    if (content[type] === undefined) {
      const known = Object.keys(content).join(', ');
      return [`${name} ${status}: content type ${type}, the document has ${known || 'none'} (${listed})`];
    }
    const text = body.toString();
    let value: unknown = text;
    if (/json$/.test(type)) {
      try {
        value = JSON.parse(text);
      } catch {
        return [`${name} ${status}: the body is no JSON: ${text.slice(0, 100)}`];
      }
    }
    const [, method, path] = /^(\S+) (\S+)$/.exec(name)!;
    return this.faultsAt(
      ['paths', path!, method!.toLowerCase(), 'responses', listed, 'content', type, 'schema'],
      value,
    ).map((fault) => `${name} ${status}: ${fault}`);
  }

  /** What is wrong with a value by the schema at a place of the document. */
  faultsAt(place: readonly string[], value: unknown): string[] {
    const pointer = place
      .map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1'))
      .map(encodeURIComponent);
    const ref = `${ID}#/${pointer.join('/')}`;
    let validate = this.#validators.get(ref);
    if (validate === undefined) {
      validate = this.#ajv.compile({ $ref: ref });
      this.#validators.set(ref, validate);
    }
    if (validate(value) === true) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${instancePath || 'the body'} ${message} ${JSON.stringify(params)}`,
    );
  }
}

/** A copy in which every object with named members has no others, unless it says that it may. */
function closedDocument(document: ApiDocument): Json {
  const copy = closed(document) as { components: { schemas: Json } };
  for (const [name, schema] of Object.entries(document.components.schemas))
    copy.components.schemas[name + OPEN] = closed(schema, true);
  return copy as unknown as Json;
}

/** `part`: it is one of several that make up an object, so that only the whole can be closed. */
function closed(node: unknown, part = false): unknown {
  if (Array.isArray(node)) return node.map((item) => closed(item));
  if (typeof node !== 'object' || node === null) return node;
  const schema = node as Json;
  const copy: Json = {};
  for (const [name, value] of Object.entries(schema)) {
    // An example is data, whatever its members are called.
    if (name === 'example' || name === 'examples') continue;
    copy[name] =
      name === 'allOf' ? (value as unknown[]).map((member) => closed(member, true)) : closed(value);
  }
  if (part && typeof schema.$ref === 'string') copy.$ref = schema.$ref + OPEN;
  const isObject = isMembers(schema.properties) || Array.isArray(schema.allOf);
  if (isObject) copy.type ??= 'object';
  if (isObject && !part && schema.additionalProperties === undefined) copy.unevaluatedProperties = false;
  return copy;
}

/** `properties` of a schema, and not a member of that name in a map of members. */
function isMembers(properties: unknown): boolean {
  return (
    typeof properties === 'object' && properties !== null && typeof (properties as Json).type !== 'string'
  );
}
