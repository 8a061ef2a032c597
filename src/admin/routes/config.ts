import { createRoute } from '@hono/zod-openapi';
import { configAnswer, logLevelAnswer, logLevelBody, reloadAnswer } from '../answers/config.js';
import { CONFIG, LOG_LEVEL, RELOADED } from '../examples/config.js';
import { checkedBody } from '../json-body.js';
import type { ConfigReload } from '../management.js';
import { adminOnly, badRequest, json, type RouteParts, refused, timestamp, tooLarge } from './parts.js';

const config = createRoute({
  method: 'get',
  path: '/config',
  operationId: 'getConfiguration',
  tags: ['Configuration'],
  summary: 'Every variable as it holds now, where it came from and why',
  security: adminOnly.security,
  responses: { 200: json(configAnswer, 'By name; secrets are redacted', CONFIG), ...adminOnly.responses },
});

const reload = createRoute({
  method: 'post',
  path: '/config/reload',
  operationId: 'reloadConfiguration',
  tags: ['Configuration'],
  summary: 'Read .env, the --config file and *_FILE secrets again, as SIGHUP does',
  description:
    'A body is not looked at. When it answers, every process of this node has taken what may change while it runs; what needs a restart is named. With a mistake anywhere nothing is changed.',
  security: adminOnly.security,
  responses: {
    200: json(reloadAnswer, 'What holds anew', RELOADED),
    422: refused(422, 'The configuration has mistakes, each named; what held before still holds'),
    ...adminOnly.responses,
  },
});

const logLevel = createRoute({
  method: 'get',
  path: '/config/log-level',
  operationId: 'getLogLevel',
  tags: ['Configuration'],
  summary: 'The least severe log lines that are written',
  security: adminOnly.security,
  responses: { 200: json(logLevelAnswer, 'Now, and as configured', LOG_LEVEL), ...adminOnly.responses },
});

const setLogLevel = createRoute({
  method: 'put',
  path: '/config/log-level',
  operationId: 'setLogLevel',
  tags: ['Configuration'],
  summary: 'Another log level, in every process of this node',
  description: 'Until the configuration is read again or the node ends.',
  security: adminOnly.security,
  request: {
    body: {
      content: { 'application/json': { schema: logLevelBody, example: { level: 'debug' } } },
      required: true,
    },
  },
  responses: {
    200: json(logLevelAnswer, 'Every process has taken it', LOG_LEVEL),
    ...badRequest,
    ...tooLarge,
    ...adminOnly.responses,
  },
});

const MOST_BODY_BYTES = 1024;

export function configRoutes({ app, management, clock }: RouteParts): void {
  app.openapi(config, async (c) => {
    const settings = await management.configuration();
    return c.json(
      Object.fromEntries(
        settings.map(({ name, value, source, reason, loadedAt, needsRestart }) => {
          const loaded_at = new Date(loadedAt).toISOString();
          const row = {
            value,
            source,
            reason,
            loaded_at,
            ...(needsRestart && { needs_restart: true as const }),
          };
          return [name, row] as const;
        }),
      ),
      200,
    );
  });
  app.openapi(reload, async (c) => {
    const reloaded = await management.reload();
    const { changed, needRestart, settled, loadedAt } = reloaded;
    return c.json(
      {
        message: messageOf(reloaded),
        changed: [...changed],
        needs_restart: [...needRestart],
        settled,
        loaded_at: new Date(loadedAt).toISOString(),
        timestamp: timestamp(clock),
      },
      200,
    );
  });
  app.openapi(logLevel, async (c) => {
    const state = await management.logLevel();
    return c.json({ ...state, timestamp: timestamp(clock) }, 200);
  });
  // Not `app.openapi`: its validator refuses a body whose content type is not JSON's, as `curl -d` sends it.
  app.openAPIRegistry.registerPath(setLogLevel);
  app.put('/config/log-level', async (c) => {
    const { level } = await checkedBody(logLevelBody, c.req.raw, MOST_BODY_BYTES);
    const state = await management.setLogLevel(level);
    return c.json({ ...state, timestamp: timestamp(clock) }, 200);
  });
}

function messageOf({ changed, needRestart, settled }: ConfigReload): string {
  const { length } = changed;
  const parts = [
    length === 0
      ? 'Nothing has changed'
      : `${length} ${length === 1 ? 'variable holds' : 'variables hold'} anew`,
    ...(settled ? [] : ['not all of it could be put to use, the log says why']),
    ...(needRestart.length === 0 ? [] : [`${needRestart.join(', ')}: that needs a restart`]),
  ];
  return parts.join('; ');
}
