import { expect, test } from 'vitest';
import { createLogger, serializeError } from '../../../src/observe/log.js';

function capture(secrets: string[] = [], level = 'trace') {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const logger = createLogger({ level, serverId: 'node-1', worker: 2, secrets, destination });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown> };
}

test('a line is JSON with time, level, server and worker', () => {
  const { logger, lines, last } = capture();
  logger.info({ path: '/3/movie/1' }, 'served');
  expect(lines[0]?.endsWith('}\n')).toBe(true);
  expect(last()).toMatchObject({
    level: 'info',
    server_id: 'node-1',
    worker: 2,
    path: '/3/movie/1',
    msg: 'served',
  });
  expect(String(last().time)).toMatch(/^\d{4}-\d\d-\d\dT/);
});

test('planted secrets are in no part of a line', () => {
  const { logger, lines, last } = capture(['planted-key', 'true', 'pla"nted', '"planted']);
  const child = logger.child({ bound: 'planted-key' });
  const cause = new Error('because planted-key', { cause: new Error('deep planted-key') });
  child.error(
    { err: new Error('GET /x?api_key=foreign-key', { cause }), deep: { list: ['a planted-key'] } },
    'planted-key',
  );
  child.warn({ 'planted-key': 1, flag: true, q: 'pla"nted', r: '"planted' }, 'say true');
  child.info({ api_key: 'foreign-key', session_id: null, headers: { authorization: 'foreign-key' } });
  expect(lines.join('')).not.toMatch(/planted|pla\\"nted|foreign-key/);
  expect(lines.map((line) => JSON.parse(line))).toHaveLength(3);
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ flag: true, msg: 'say ***' });
  expect(last()).toMatchObject({ api_key: '***', session_id: null });
});

test('an error keeps message, code, stack and causes, and nothing that hangs on it', () => {
  const cause = Object.assign(new Error('connect'), { code: 'ECONNREFUSED', socket: { password: 'x' } });
  const serialized = serializeError(new AggregateError([cause, 'text'], 'all failed', { cause }));
  expect(serialized).toMatchObject({
    type: 'AggregateError',
    message: 'all failed',
    cause: { message: 'connect', code: 'ECONNREFUSED' },
    errors: [{ code: 'ECONNREFUSED' }, { type: 'string', message: 'text' }],
  });
  expect(JSON.stringify(serialized)).not.toContain('socket');
  expect(serialized.stack).toContain('all failed');
});

test('a circle of causes ends', () => {
  const error = new Error('a');
  error.cause = error;
  expect(JSON.stringify(serializeError(error)).length).toBeLessThan(20_000);
  expect(serializeError({ message: 'not an Error' })).toEqual({ type: 'object', message: 'not an Error' });
  expect(serializeError(undefined)).toEqual({ type: 'undefined', message: 'undefined' });
});

test('level', () => {
  const { logger, lines } = capture([], 'warn');
  logger.info('no');
  logger.level = 'info';
  logger.info('yes');
  expect(lines).toHaveLength(1);
});
