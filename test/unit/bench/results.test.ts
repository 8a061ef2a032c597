import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../../../bench/lib/arguments.mjs';
import { changedSince } from '../../../bench/lib/changes.mjs';
import { clientsOf, clientsText } from '../../../bench/lib/clients.mjs';
import { parseStat, ticksOfTree } from '../../../bench/lib/cpu.mjs';
import { withTables } from '../../../bench/lib/document.mjs';
import { judge, judgeAll } from '../../../bench/lib/goals.mjs';
import { resultText } from '../../../bench/lib/result-file.mjs';
import { faultOf, saysHit } from '../../../bench/lib/verify.mjs';
import { AnswerReader } from '../../../bench/load/answer-reader.mjs';
import { clientsScript } from '../../../bench/load/wrk.mjs';
import { answerOf, bodyOf, gzipOf, imagePath, jsonPath, plainPath } from '../../../bench/origin/bodies.mjs';
import { scenarios } from '../../../bench/scenarios/index.mjs';
import { targetNamed } from '../../../bench/targets/index.mjs';

const rounds = { product: [{ rate: 30 }, { rate: 10 }], nginx: [{ rate: 20 }, { rate: 10 }] };
const results = { variants: { json: { rounds } }, facts: { asked: 1 } };

describe('goals', () => {
  const goal = { text: 'faster', variant: 'json', target: 'product', against: 'nginx', metric: 'rate' };

  it('is reached at the ratio it names, with its range', () => {
    expect(judge({ ...goal, atLeast: 0.9 }, results)).toEqual({
      text: 'faster',
      value: 1.25,
      min: 1,
      max: 1.5,
      verdict: 'reached',
    });
    expect(judge({ ...goal, atLeast: 1.6 }, results).verdict).toBe('not reached');
    expect(judge({ ...goal, atMost: 0.9 }, results).verdict).toBe('not reached');
    expect(judge({ ...goal, atMost: 1.6 }, results).verdict).toBe('reached');
  });

  it('is within noise where rounds disagree, on either side of the median; a round that just reaches it is not against it', () => {
    for (const atLeast of [1.01, 1.25, 1.49])
      expect(judge({ ...goal, atLeast }, results).verdict).toBe('within noise');
    for (const atMost of [1.01, 1.25, 1.49])
      expect(judge({ ...goal, atMost }, results).verdict).toBe('within noise');
    expect(judge({ ...goal, atLeast: 1 }, results).verdict).toBe('reached');
    expect(judge({ ...goal, atLeast: 1.5 }, results).verdict).toBe('not reached');
    expect(judge({ ...goal, atMost: 1.5 }, results).verdict).toBe('reached');
    expect(judge({ ...goal, atMost: 1 }, results).verdict).toBe('not reached');
  });

  it('judges a result that was written down before, whatever it said of its goals then', () => {
    const written = JSON.parse(JSON.stringify({ ...results, goals: [{ text: 'faster', reached: true }] }));
    const verdicts = judgeAll(
      [
        { ...goal, atLeast: 1.2 },
        { ...goal, atLeast: 2 },
      ],
      written,
    );
    expect(verdicts.map(({ verdict }) => verdict)).toEqual(['within noise', 'not reached']);
    expect(judgeAll(undefined, written)).toEqual([]);
  });

  it('is neither reached nor missed where its target, its reference or its fact was not measured', () => {
    for (const [unmeasured, from] of [
      [{ ...goal, against: 'haproxy', atLeast: 1 }, results],
      [{ ...goal, target: 'varnish', atLeast: 1 }, results],
      [{ text: 'x', fact: 'other', atMost: 1 }, results],
      [{ text: 'x', fact: 'nan', atMost: 1 }, { facts: { nan: Number.NaN } }],
      [{ text: 'x', fact: 'nan', atMost: 1 }, { facts: { nan: null } }], // as JSON has it
    ] as const)
      expect(judge(unmeasured, from).verdict).toBe('not measured');
  });

  it('judges facts and single metrics', () => {
    expect(judge({ text: 'x', fact: 'asked', atMost: 1 }, results).verdict).toBe('reached');
    const alone = { text: 'x', variant: 'json', target: 'product', metric: 'rate', atMost: 20 };
    expect(judge(alone, results)).toEqual({ text: 'x', value: 20, verdict: 'reached' });
  });

  it('names variants and targets that exist, in every scenario', () => {
    for (const { variants = [], goals = [] } of scenarios) {
      for (const variant of variants)
        for (const name of variant.targets) expect(targetNamed(name).name).toBe(name);
      for (const { variant, target, against } of goals) {
        if (variant === undefined) continue;
        const found = variants.find(({ name }) => name === variant);
        expect(found?.targets).toContain(target);
        if (against !== undefined && found?.beside === undefined) expect(found?.targets).toContain(against);
      }
    }
  });
});

describe('verification', () => {
  const path = jsonPath(10, 1);
  const answer = (body: Buffer, headers = {}) => ({ status: 200, headers, body });

  it('accepts the right body, coded or not', () => {
    expect(faultOf(answer(bodyOf(path)), path, {})).toBeUndefined();
    const coded = answer(gzipOf(answerOf(path)!), { 'content-encoding': 'gzip' });
    expect(faultOf(coded, path, { coding: 'gzip' })).toBeUndefined();
  });

  it('finds the body of another path, another status, another coding', () => {
    expect(faultOf(answer(bodyOf(jsonPath(10, 2))), path, {})).toContain('another body');
    expect(faultOf({ ...answer(bodyOf(path)), status: 203 }, path, {})).toContain('203');
    expect(faultOf(answer(bodyOf(path)), path, { coding: 'gzip' })).toContain('identity');
  });

  it('wants a 304 without a body', () => {
    expect(
      faultOf({ status: 304, headers: {}, body: Buffer.alloc(0) }, path, { status: 304 }),
    ).toBeUndefined();
    expect(faultOf({ status: 304, headers: {}, body: Buffer.from('x') }, path, { status: 304 })).toContain(
      'body',
    );
  });

  it('believes a cache’s own words', () => {
    expect(saysHit({ 'cache-status': 'node; hit; ttl=3' })).toBe(true);
    expect(saysHit({ 'cache-status': 'node; fwd=uri-miss; stored' })).toBe(false);
    expect(saysHit({ 'x-cache': 'MISS' })).toBe(false);
    expect(saysHit({ age: '3' })).toBeUndefined();
  });
});

describe('bodies of the origin', () => {
  it.each([
    jsonPath(1, 1),
    jsonPath(10, 7),
    jsonPath(200, 3),
    imagePath(200, 1),
    plainPath(100, 'a?n=1'),
    plainPath(64, 'b'),
  ])('has the size that %s says, in both codings', (path) => {
    const body = bodyOf(path);
    expect(gunzipSync(gzipOf(answerOf(path)!))).toEqual(body);
    expect(answerOf(path)!.prefix.length + answerOf(path)!.rest.length).toBe(body.length);
    if (answerOf(path)!.json) expect(() => JSON.parse(body.toString())).not.toThrow();
  });

  it('differs from path to path, and has the length it says', () => {
    expect(bodyOf(jsonPath(10, 1)).length).toBe(10_000);
    expect(bodyOf(imagePath(200, 1)).length).toBe(200_000);
    expect(bodyOf(jsonPath(10, 1)).equals(bodyOf(jsonPath(10, 2)))).toBe(false);
    expect(answerOf('/else')).toBeUndefined();
  });

  it('compresses to between a quarter and a half, as JSON of the field does', () => {
    const share = gzipOf(answerOf(jsonPath(50, 1))!).length / 50_000;
    expect(share).toBeGreaterThan(0.2);
    expect(share).toBeLessThan(0.5);
  });
});

describe('CPU of a tree of processes', () => {
  it('reads a name with spaces and brackets', () => {
    expect(parseStat('7 (a) b (c) S 3 7 7 0 -1 0 0 0 0 0 11 22 33 44 20 0')).toEqual({ ppid: 3, ticks: 110 });
  });

  it('counts children and grandchildren, and nobody else’s', () => {
    const stats = new Map([
      [1, { ppid: 0, ticks: 1000 }],
      [2, { ppid: 1, ticks: 1 }],
      [3, { ppid: 2, ticks: 10 }],
      [4, { ppid: 3, ticks: 100 }],
      [5, { ppid: 1, ticks: 5000 }],
    ]);
    expect(ticksOfTree(2, stats)).toBe(111);
    expect(ticksOfTree(9, stats)).toBe(0);
  });
});

describe('documents and files', () => {
  const result = {
    variants: {
      json: {
        title: 'JSON',
        tool: 'wrk',
        reference: 'nginx',
        summary: { nginx: { rate: 5, cpu: 1, busy: 1, p50: 1, p99: 2, p999: 3 } },
      },
    },
    targets: { nginx: { title: 'nginx tuned', version: '1' } },
    goals: [{ text: 'fast', value: 1.5, min: 1, max: 2, verdict: 'within noise' }],
  };
  const text = 'before\n<!-- bench:hit:json -->\nold\n<!-- /bench -->\nafter <!-- other -->\n';

  it('prints between its marks, leaves everything else, and the same when printed again', () => {
    const printed = withTables(text, new Map([['hit', result]]));
    expect(printed).toMatch(/^before\n<!-- bench:hit:json -->\n/);
    expect(printed).toContain('| nginx tuned |');
    expect(printed).not.toContain('old');
    expect(printed).toMatch(/<!-- \/bench -->\nafter <!-- other -->\n$/);
    expect(withTables(printed, new Map([['hit', result]]))).toBe(printed);
  });

  it('prints the first columns alone where a document wants it brief', () => {
    const printed = withTables('<!-- bench:hit:json:brief -->\n<!-- /bench -->', new Map([['hit', result]]));
    expect(printed).toContain('| target | requests/s, ratio to nginx tuned | CPU µs/request |');
    expect(printed).toContain('| nginx tuned | – | 1 |');
  });

  it('says that a scenario has not been measured, and refuses a variant that does not exist', () => {
    expect(withTables(text, new Map())).toContain('Not measured yet');
    expect(() => withTables('<!-- bench:hit:other -->\n<!-- /bench -->', new Map([['hit', result]]))).toThrow(
      /other/,
    );
  });

  it('prints goals with their verdicts', () => {
    const printed = withTables('<!-- bench:goals -->\n<!-- /bench -->', new Map([['hit', result]]));
    expect(printed).toContain('| fast | 1.5 (1 to 2) | within noise |');
  });

  it('writes JSON that reads back, a round to a line', () => {
    const value = { rounds: [{ rate: 1, text: 'a {b} [c]' }, { rate: 2 }], list: [] };
    expect(JSON.parse(resultText(value))).toEqual(value);
    expect(resultText(value)).toContain('{ "rate": 2 }');
  });
});

describe('what came after a result', () => {
  const git =
    (commits: string, status = '') =>
    (args: readonly string[]) =>
      args[0] === 'rev-list' ? commits : status;

  it('is told with the number of commits that changed the product', () => {
    expect(changedSince('abc', git('12'))).toBe('src has changed since abc: 12 commits');
    expect(changedSince('abc', git('1'))).toBe('src has changed since abc: 1 commit');
    expect(changedSince('abc', git('0', ' M src/main.ts'))).toContain('not committed');
    expect(changedSince('abc', git('0'))).toBeUndefined();
  });

  it('asks for src and the bundle alone', () => {
    const asked: (readonly string[])[] = [];
    changedSince('abc', (args) => {
      asked.push(args);
      return '0';
    });
    expect(asked[0]).toEqual(['rev-list', '--count', 'abc..HEAD', '--', 'src', 'scripts/bundle.mjs']);
  });

  it('is unknown without git or the commit, which is no reason to fail', () => {
    const failing = () => {
      throw new Error('bad revision');
    };
    expect(changedSince('unknown', failing)).toContain('unknown');
  });
});

describe('clients', () => {
  it('are no two alike, the same on every run, of three user agents', () => {
    const clients = clientsOf(10_000);
    expect(clients).toEqual(clientsOf(10_000));
    for (const name of ['X-Forwarded-For', 'Cookie'])
      expect(new Set(clients.map((fields) => fields[name])).size).toBe(10_000);
    expect(new Set(clients.map((fields) => fields['User-Agent'])).size).toBe(3);
  });

  it('are written as field lines, an empty line behind each', () => {
    expect(clientsText([{ A: '1', B: '2' }, { A: '3' }])).toBe('A: 1\nB: 2\n\nA: 3\n\n');
  });

  it('are read from a file by the script of wrk, as paths are', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
    try {
      const script = clientsScript(['/a', '/b'], [{ A: '1' }, { A: '2' }, { A: '3' }], folder);
      expect(script).toContain('heads[n % 2 + 1] .. tails[n % 3 + 1]');
      expect(script).toContain("'\\r\\n'");
      expect(readFileSync(join(folder, 'paths.txt'), 'utf8')).toBe('/a\n/b\n');
      expect(readFileSync(join(folder, 'clients.txt'), 'utf8')).toBe('A: 1\n\nA: 2\n\nA: 3\n\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('meet many of the keys of the varied hits, in a smoke run those that are filled', () => {
    const varied = scenarios.flatMap(({ variants = [] }) => variants).find(({ name }) => name === 'varied')!;
    const asked = varied.list!(0, { smoke: false });
    expect(asked.every((path) => varied.paths.includes(path))).toBe(true);
    expect(new Set(asked).size).toBe(1000);
    expect(asked.length % 2).toBe(1); // 10 000 is 2^4 × 5^4
    expect(asked.length % 5).not.toBe(0);
    expect(varied.clients).toHaveLength(10_000);
    const few = new Set(varied.list!(0, { smoke: true }));
    expect([...few].every((path) => varied.paths.slice(0, 16).includes(path))).toBe(true);
  });
});

describe('arguments', () => {
  it('writes results of whole runs only', () => {
    expect(readArguments(['hit'])).toMatchObject({
      scenario: 'hit',
      rounds: 5,
      seconds: 3,
      write: true,
      dist: 'dist',
    });
    for (const narrowed of [
      ['--quick'],
      ['--smoke'],
      ['--targets', 'nginx'],
      ['--variants', 'a'],
      ['--no-write'],
    ])
      expect(readArguments(['hit', ...narrowed]).write).toBe(false);
  });

  it('refuses what it cannot understand', () => {
    expect(() => readArguments(['hit', '--rounds', 'many'])).toThrow(/rounds/);
    expect(() => readArguments(['hit', '--env', 'FAST_PATH'])).toThrow(/NAME=value/);
    expect(() => readArguments(['hit', '--speed', '3'])).toThrow();
    expect(readArguments(['hit', '--env', 'A=b=c']).env).toEqual({ A: 'b=c' });
  });
});

describe('the reader of answers', () => {
  const read = (chunks: readonly string[]) => {
    const statuses: number[] = [];
    const reader = new AnswerReader((status) => statuses.push(status));
    for (const chunk of chunks) reader.read(Buffer.from(chunk));
    return statuses;
  };
  const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbody';

  it('finds the end of an answer wherever it is cut', () => {
    for (let at = 1; at < whole.length; at += 1)
      expect(read([whole.slice(0, at), whole.slice(at), whole])).toEqual([200, 200]);
  });

  it('knows 304 and chunked answers', () => {
    expect(read(['HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n'])).toEqual([304]);
    const chunked = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n';
    for (let at = 1; at < chunked.length; at += 1)
      expect(read([chunked.slice(0, at), chunked.slice(at)])).toEqual([200]);
  });
});
