type Json = Readonly<Record<string, unknown>>;

/** How a person would call an operation from a shell, with the example of its body and of what it must be told. */
export function curlOf(method: string, path: string, detail: Json): string {
  const query = ((detail.parameters ?? []) as Json[])
    .filter((parameter) => parameter.required === true)
    .map(({ name, example }) => `${name}=${encodeURIComponent(String(example ?? '…'))}`);
  const body = exampleOf(detail.requestBody as Json | undefined);
  const address = `http://localhost:6635${path}${query.length === 0 ? '' : `?${query.join('&')}`}`;
  return [
    'curl',
    ...(detail.security === undefined ? [] : ['-H "X-API-Key: $ADMIN_API_KEY"']),
    ...(method === 'get' ? [] : [`-X ${method.toUpperCase()}`]),
    ...(body === undefined ? [] : [`-d '${JSON.stringify(body)}'`]),
    query.length === 0 ? address : `'${address}'`,
  ].join(' ');
}

/** The example of a body or of an answer: of its first form. */
export function exampleOf(holder: Json | undefined): unknown {
  const content = holder?.content as Record<string, { example?: unknown }> | undefined;
  return content === undefined ? undefined : Object.values(content)[0]?.example;
}

/** As it is shown: JSON over several lines, text as it is. */
export function printedExample(example: unknown): string {
  return typeof example === 'string' ? example.trimEnd() : JSON.stringify(example, undefined, 2);
}
