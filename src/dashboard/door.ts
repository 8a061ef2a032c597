import type { Context, MiddlewareHandler } from 'hono';
import { getCookie } from 'hono/cookie';
import type { Credentials } from '../admin/auth.js';
import { credentialsOf } from '../admin/credentials.js';
import { type ProblemInput, problemResponse } from '../admin/problem.js';
import type { DashboardContext, DashboardEnv, DashboardOptions } from './env.js';
import type { Pages } from './pages.js';
import { isSameOrigin } from './same-origin.js';
import type { Session, Sessions } from './session.js';

/** Cookies know no port: two proxies of one host would sign each other out. Names the port that the browser asked. */
export function sessionCookie(c: Context, base: string | undefined): string {
  const { port } = new URL(base ?? c.req.url);
  return port === '' ? 'tmdb_proxy_session' : `tmdb_proxy_session_${port}`;
}

const SIGN_IN: ProblemInput = {
  status: 401,
  code: 'unauthorized',
  detail: 'Open /dashboard in a browser and enter the admin key, or send it as X-API-Key.',
  headers: { 'www-authenticate': 'Bearer realm="management"' },
};
const ELSEWHERE: ProblemInput = {
  status: 403,
  code: 'forbidden',
  detail: 'This was not sent by a page of this dashboard. Open /dashboard and try again.',
};
/** They change nothing. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

type DoorOptions = Pick<DashboardOptions, 'auth' | 'peer' | 'base' | 'management'> & {
  /** Undefined while no key is set. */
  readonly sessions: () => Sessions | undefined;
  readonly pages: Pages;
};

/** Who may enter: the admin key, a session that was opened with it, or while there is no key whoever is on this machine. */
export function door(options: DoorOptions): MiddlewareHandler<DashboardEnv> {
  const { sessions, auth, peer, base, management, pages } = options;
  const refuse = (c: DashboardContext, problem: ProblemInput): Response | Promise<Response> => {
    const wantsPage = READS.has(c.req.method) && /\btext\/html\b/i.test(c.req.header('accept') ?? '');
    if (!wantsPage) return problemResponse(c, problem);
    return problem.status === 403 ? pages.refusal(c, problem) : pages.login(c, problem);
  };
  const sessionOf = async (c: DashboardContext): Promise<Session | undefined> => {
    const token = getCookie(c, sessionCookie(c, base(c)));
    const session = token === undefined ? undefined : await sessions()?.read(token);
    if (session === undefined) return undefined;
    return (await management.endedSessions([session.id])).length === 0 ? session : undefined;
  };
  return async (c, next) => {
    const given = credentialsOf(c);
    if (sessions() === undefined || hasKey(given)) {
      const crossSite = given.crossSite && !isVisit(c);
      const refused = auth({ ...given, crossSite }, peer(c));
      return refused === undefined ? next() : refuse(c, refused);
    }
    const session = await sessionOf(c);
    if (session === undefined) return refuse(c, SIGN_IN);
    if (!READS.has(c.req.method) && !isOurs(c, base(c))) return refuse(c, ELSEWHERE);
    c.set('session', session);
    return next();
  };
}

/** Whether a page of ours sent it. */
export function isOurs(c: Context, base: string | undefined): boolean {
  const site = c.req.header('sec-fetch-site');
  return isSameOrigin({ site, origin: c.req.header('origin'), host: c.req.header('host'), base });
}

/** A proxy in front of us may ask for a password of its own (Basic): that is no key of ours. */
function hasKey({ apiKey, authorization }: Credentials): boolean {
  return apiKey !== undefined || /^bearer\s/i.test(authorization ?? '');
}

/** Somebody follows a link of another site to the page: it can neither read nor frame what opens. */
function isVisit(c: Context): boolean {
  return (
    c.req.path === '/dashboard' &&
    c.req.method === 'GET' &&
    c.req.header('sec-fetch-mode') === 'navigate' &&
    c.req.header('sec-fetch-dest') === 'document'
  );
}
