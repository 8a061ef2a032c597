import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { ProblemInput } from '../admin/problem.js';
import type { Assets } from './assets.js';
import { newNonce, pagePolicy } from './csp.js';
import { LoginPage } from './login-page.js';
import { MainPage, type MainPageFacts } from './main-page.js';
import { RefusalPage } from './refusal-page.js';

/** Whole pages as answers. */
export interface Pages {
  main(c: Context, facts: MainPageFacts): Promise<Response>;
  /** Asks for the key. `tried`: a key was entered, and this is what was wrong. */
  login(c: Context, problem: ProblemInput, tried?: boolean): Promise<Response>;
  refusal(c: Context, problem: ProblemInput): Promise<Response>;
}

/** What every page names in its head. */
export interface Head {
  readonly nonce: string;
  readonly assets: Assets;
}

export function pagesOf(assets: () => Promise<Assets>): Pages {
  const answer = async (c: Context, status: number, page: (head: Head) => object): Promise<Response> => {
    const nonce = newNonce();
    const text = `<!doctype html>${page({ nonce, assets: await assets() })}`;
    c.header('content-security-policy', pagePolicy(nonce));
    // Under `no-referrer` a form is sent with `Origin: null`; over plain http from another machine nothing else says whose it is.
    c.header('referrer-policy', 'same-origin');
    return c.html(text, status as ContentfulStatusCode);
  };
  const fields = (c: Context, { headers = {} }: ProblemInput) => {
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
  };
  return {
    main: (c, facts) => answer(c, 200, (head) => <MainPage {...facts} head={head} />),
    login: (c, problem, tried = false) => {
      fields(c, problem);
      const message = tried ? problem.detail : undefined;
      return answer(c, problem.status, (head) => <LoginPage message={message} head={head} />);
    },
    refusal: (c, problem) => {
      fields(c, problem);
      return answer(c, problem.status, (head) => (
        <RefusalPage detail={problem.detail} port={portOf(c)} head={head} />
      ));
    },
  };
}

/** Of the listener that was asked: on this machine the dashboard is there, whatever name and port the browser used. */
function portOf(c: Context<{ Bindings: Partial<HttpBindings> }>): string {
  const own = c.env?.incoming?.socket.localPort;
  return own === undefined ? new URL(c.req.url).port : String(own);
}
