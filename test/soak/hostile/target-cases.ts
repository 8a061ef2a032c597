import { head, TITLE } from './smuggling-cases.js';

/** A request and what it is told; 200 is TITLE's own answer. */
export interface Target {
  readonly name: string;
  readonly bytes: string;
  readonly status: number;
}

const get = (target: string, ...lines: string[]) => head('GET', target, ...lines);
const hosted = (host: string, target = TITLE) => `GET ${target} HTTP/1.1\r\n${host}\r\n\r\n`;

/** Targets, methods and fields of the proxy at this port. */
export function targets(port: number): readonly Target[] {
  const own = `http://localhost:${port}`;
  const rows: readonly (readonly [name: string, bytes: string, status: number])[] = [
    ['absolute form, our own name', get(`${own}${TITLE}`), 200],
    ['absolute form, another Host', hosted('Host: evil.example', `${own}${TITLE}`), 200],
    ['absolute form, another host', get(`http://evil.example${TITLE}`), 421],
    ['absolute form, another port', get(`http://localhost:${port === 80 ? 81 : 80}${TITLE}`), 421],
    ['absolute form, the origin', get(`http://api.themoviedb.org${TITLE}`), 421],
    ['absolute form, a user', get(`http://evil@localhost:${port}${TITLE}`), 421],
    ['absolute form, our name as user', get(`http://localhost:${port}@evil.example${TITLE}`), 421],
    ['absolute form, no host', get(`http://${TITLE}`), 421],
    ['absolute form, of a file', get('file:///etc/passwd'), 400],
    ['absolute form, of ftp', get(`ftp://localhost:${port}${TITLE}`), 400],
    ['absolute form, dots encoded', get(`${own}/3/movie/%2e%2e/account`), 400],
    ['authority form', get('evil.example:443'), 400],
    ['asterisk form', get('*'), 400],
    ['CONNECT', head('CONNECT', 'evil.example:443'), 405],
    ['CONNECT to ourselves', head('CONNECT', `localhost:${port}`), 405],
    ['CONNECT with a path', head('CONNECT', TITLE), 405],
    ['TRACE', head('TRACE', TITLE), 405],
    ['TRACE with a cookie', head('TRACE', TITLE, 'Cookie: a=b'), 405],
    [
      'Upgrade to WebSocket',
      get(TITLE, 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'),
      400,
    ],
    [
      'Upgrade to h2c',
      get(TITLE, 'Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'),
      200,
    ],
    ['Upgrade to whatever', get(TITLE, 'Connection: Upgrade', 'Upgrade: h2c, websocket'), 400],
    ['Expect: 100-continue', get(TITLE, 'Expect: 100-continue'), 200],
    ['Expect of something else', get(TITLE, 'Expect: 200-ok'), 417],
    ['Expect that is empty', get(TITLE, 'Expect:'), 417],
    ['two Hosts', get(TITLE, 'Host: evil.example'), 400],
    ['two equal Hosts', get(TITLE, 'Host: localhost'), 400],
    ['a foreign Host', hosted('Host: evil.example'), 200],
    ['a Host with a path', hosted('Host: localhost/evil'), 400],
    ['a Host with a user', hosted('Host: evil@localhost'), 400],
    ['a Host with a space', hosted('Host: localhost evil'), 400],
    ['a Host with a tab', hosted('Host: localhost\tevil'), 400],
    ['a Host with a question mark', hosted('Host: localhost?evil'), 400],
    ['a Host with a fragment', hosted('Host: localhost#evil'), 400],
    ['a Host with a backslash', hosted('Host: localhost\\evil'), 400],
    ['a Host with two ports', hosted('Host: localhost:80:81'), 400],
    ['a Host whose port is a word', hosted('Host: localhost:evil'), 400],
    ['a Host in a broken bracket', hosted('Host: [::1'), 400],
    ['a Host that is folded', hosted('Host: localhost\r\n evil'), 400],
    ['a Host in UTF-8', hosted('Host: \xc3\xa9vil'), 400],
    [
      'X-Forwarded-Host and its like',
      get(
        TITLE,
        'X-Forwarded-Host: evil.example',
        'X-Host: evil.example',
        'Forwarded: host=evil.example',
        'X-Original-URL: /3/account',
        'X-Rewrite-URL: /3/account',
      ),
      200,
    ],
    [
      'an override of the method',
      get(TITLE, 'X-HTTP-Method-Override: DELETE', 'X-Method-Override: DELETE'),
      200,
    ],
    ...PATHS.map(([target, status]): [string, string, number] => [
      `the path ${JSON.stringify(target)}`,
      get(target),
      status,
    ]),
  ];
  return rows.map(([name, bytes, status]) => ({ name, bytes, status }));
}

/** 200: they are TITLE, written in another way. */
const PATHS: readonly (readonly [target: string, status: number])[] = [
  ['/3/movie/./1', 200],
  ['/3//movie///1', 200],
  ['//3/movie/1', 200],
  ['/3/tv/../movie/1', 200],
  ['/../../3/movie/1', 200],
  ['/3/%6dovie/1', 200],
  ['/3/movie/%31', 200],
  ['/3/movie/1?', 200],
  ['/3/movie/1?&&', 200],
  ['//evil.example/3/movie/1', 404],
  ['///evil.example', 404],
  ['/3/../../etc/passwd', 404],
  ['/3/movie/../../../../etc/passwd', 404],
  ['/t/p/../../etc/passwd', 404],
  ['/3;x/movie/1', 404],
  ['/\\evil.example/3/movie/1', 400],
  ['/3\\movie\\1', 400],
  ['/3/movie/..\\account', 400],
  ['/3/movie/%2e%2e/account', 400],
  ['/3/movie/.%2E/account', 400],
  ['/3/%2e/movie/1', 400],
  ['/3%2fmovie%2f1', 400],
  ['/3/movie%2F..%2Faccount', 400],
  ['/3%5cmovie', 400],
  ['/3/movie/%252e%252e/account', 400],
  ['/3/movie%252f1', 400],
  ['/3/movie/%25%32%65', 400],
  ['/3/movie/%25252e', 400],
  ['/3/movie/%c0%ae%c0%ae/account', 400],
  ['/3/movie/%c0%af', 400],
  ['/3/movie/%e0%80%af', 400],
  ['/3/movie/%f0%80%80%af', 400],
  ['/3/movie/\xc0\xae\xc0\xae/account', 400],
  ['/3/movie/%u002e%u002e/account', 400],
  ['/3/movie/%ff', 400],
  ['/3/movie/%', 400],
  ['/3/movie/%zz', 400],
  ['/3/movie/1%00', 400],
  ['/3/movie/1%00.jpg', 400],
  ['/3/movie/1%0d%0aX-A:b', 400],
  ['/3/movie/..;/account', 400],
  ['/3/movie/..%3b/account', 400],
  ['/3/movie/1#account', 400],
];
