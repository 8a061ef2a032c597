import { z } from '@hono/zod-openapi';
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY, MAX_LINES, type WarmCommand } from '../warm/command.js';
import { APPEND, EXPORT_KINDS, LANGUAGE, MAX_APPENDS, targetsAtMost } from '../warm/export-list.js';
import { MAX_KEY } from './query.js';

/** Addresses of one request; a longer list is sent in parts. */
const MAX_URLS = 5000;
/** Titles of an export that the node itself sorts out; the command line's tool takes more. */
const MAX_TOP = 100_000;
/** Keys of `hot`: more are not counted. */
const MAX_HOT = 100_000;
const DEFAULT_TOP = 1000;
const ID = /^[a-z0-9]{1,40}$/;

const top = (most: number) => {
  const error = `must be a whole number from 1 to ${most}`;
  return z.int(error).min(1, error).max(most, error).default(DEFAULT_TOP);
};
const id = (does: string) => z.string().regex(ID, 'must be the id of a job').optional().describe(does);

const dailyExport = z
  .strictObject({
    kind: z.enum(EXPORT_KINDS, `must be one of ${EXPORT_KINDS.join(', ')}`),
    top: top(MAX_TOP).describe('So many of the most popular'),
    languages: z
      .array(z.string().regex(LANGUAGE, 'must be like de or pt-BR'))
      .max(50)
      .default([])
      .describe('Each title in each of these; none: as TMDB answers without the parameter'),
    appends: z
      .array(z.string().regex(APPEND, 'must be a name like credits'))
      .max(MAX_APPENDS)
      .default([])
      .describe('append_to_response'),
    adult: z.boolean().default(false).describe('Titles for adults, too'),
    date: z.iso.date('must be like 2026-01-31').optional().describe('Default: the newest there is'),
  })
  .refine((choice) => targetsAtMost(choice) <= MAX_LINES, {
    path: ['top'],
    error: `must not be more than ${MAX_LINES} with all languages`,
  })
  .describe('A daily id export of TMDB_EXPORT_URL');

/** What a request does; it has exactly one of these. */
const ACTIONS = ['urls', 'export', 'hot', 'append_to', 'pause', 'resume', 'cancel'] as const;

/** The body of `POST /cache/warm`. */
export const warmBody = z
  .strictObject({
    urls: z
      .array(z.string().min(1).max(MAX_KEY))
      .max(MAX_URLS, `must have at most ${MAX_URLS} members: send the rest with append_to`)
      .optional()
      .describe('Paths, full URLs, web addresses, or keys as /cache/keys shows them'),
    last: z.boolean().default(true).describe('False: more urls follow with append_to'),
    append_to: id('Adds urls to this job, which was begun with last: false'),
    export: dailyExport.optional(),
    hot: z
      .union([z.boolean(), z.strictObject({ top: top(MAX_HOT) })])
      .optional()
      .describe('What is asked for most, and was before the last restart'),
    pause: id('Stops this job'),
    resume: id('Goes on with this job'),
    cancel: id('Ends this job'),
    concurrency: z
      .int()
      .min(1)
      .max(MAX_CONCURRENCY)
      .default(DEFAULT_CONCURRENCY)
      .describe('Targets in flight; the origin budget holds anyway'),
    source: z.string().min(1).max(200).default('urls').describe('Where urls are from, for people'),
  })
  .refine((body) => actionsOf(body).length === 1, {
    error: `must have exactly one of ${ACTIONS.join(', ')} (append_to goes with urls)`,
  })
  .refine(({ urls, append_to, last }) => urls?.length !== 0 || append_to !== undefined || !last, {
    path: ['urls'],
    error: 'must not be empty',
  })
  .openapi('WarmRequest');

type WarmBody = z.infer<typeof warmBody>;

function actionsOf(body: Partial<Record<(typeof ACTIONS)[number], unknown>>): string[] {
  const given = ACTIONS.filter((name) => body[name] !== undefined && body[name] !== false);
  return given.includes('append_to') ? given.filter((name) => name !== 'urls') : given;
}

/** What a checked body asks for. */
export function warmCommand(body: WarmBody): WarmCommand {
  const { urls = [], last, append_to, export: daily, hot, pause, resume, cancel, concurrency, source } = body;
  if (append_to !== undefined) return { kind: 'append', id: append_to, urls, last };
  if (pause !== undefined) return { kind: 'pause', id: pause };
  if (resume !== undefined) return { kind: 'resume', id: resume };
  if (cancel !== undefined) return { kind: 'cancel', id: cancel };
  if (daily !== undefined) return { kind: 'export', choice: daily, concurrency };
  if (hot === undefined || hot === false) return { kind: 'urls', urls, last, source, concurrency };
  return { kind: 'hot', top: hot === true ? DEFAULT_TOP : hot.top, concurrency };
}
