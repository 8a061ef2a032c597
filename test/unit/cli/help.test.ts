import type { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { runCommand, wholeProgram } from '../../../src/cli.js';

afterEach(() => vi.restoreAllMocks());

const NAMES = ['serve', 'demo', 'check', 'stats', 'search', 'purge', 'warm', 'keys'];

function helpOf(command: Command): string {
  let text = '';
  const write = (part: string) => {
    text += part;
  };
  command.configureOutput({ writeOut: write, getOutHelpWidth: () => 100 });
  command.outputHelp();
  return text;
}

/** The program's commands and theirs, with the names that lead to them. */
function everyCommand(
  of: Command,
  names: readonly string[] = [],
): { names: readonly string[]; command: Command }[] {
  return [{ names, command: of }, ...of.commands.flatMap((sub) => everyCommand(sub, [...names, sub.name()]))];
}

/** What the program prints and how it ends. */
async function run(...args: string[]): Promise<{ out: string; err: string; code: number | undefined }> {
  const told = { out: '', err: '' };
  const written = (name: 'out' | 'err') => (text: unknown) => {
    told[name] += String(text);
    return true;
  };
  vi.spyOn(process.stdout, 'write').mockImplementation(written('out'));
  vi.spyOn(process.stderr, 'write').mockImplementation(written('err'));
  vi.spyOn(process, 'exit').mockImplementation((code) => {
    throw new Error(`exit ${code}`);
  });
  const code = await runCommand(['node', 'main.js', ...args]).then(
    () => undefined,
    (thrown: Error) => Number(/^exit (\d+)$/.exec(thrown.message)?.[1] ?? Number.NaN),
  );
  vi.restoreAllMocks();
  return { ...told, code };
}

describe('help', async () => {
  const program = await wholeProgram();
  const all = everyCommand(program);

  it('of the program lists every command with one line each, as the command itself says', async () => {
    const { out, code } = await run('--help');
    expect(code).toBe(0);
    expect(program.commands.map((command) => command.name())).toEqual(NAMES);
    for (const command of program.commands) {
      const line = out.split('\n').find((text) => text.startsWith(`  ${command.name()} `));
      expect(line?.trim().split(/ {2,}/), command.name()).toEqual([command.name(), command.summary()]);
      expect(line!.length).toBeLessThan(100);
    }
  });

  it.each(all)('of $names is complete and in the one style', ({ names, command }) => {
    const text = helpOf(command);
    expect(text).toMatch(new RegExp(`^Usage: ${['tmdb-cache-proxy', ...names].join(' ')} `));
    expect(text).toContain('\nExamples:\n  tmdb-cache-proxy ');
    expect(text).toMatch(/\nExit status:\n {2}0 .+\n {2}1 .+\n {2}2 .+\n/);
    expect(command.description()).toMatch(/^[A-Z].*\.$/s);
    for (const { description } of [...command.options, ...command.registeredArguments])
      expect(description, text).toMatch(/^[a-zA-Z-].*[^.]$/s);
  });

  it.each(
    all.flatMap(({ command }) =>
      [...helpOf(command).matchAll(/^ {2}tmdb-cache-proxy (.+)$/gm)].map(([, line]) => [line!]),
    ),
  )('its example "%s" is understood', async (line) => {
    const words = line
      .split(/ (?:\||&&) /)[0]!
      .match(/'[^']*'|\S+/g)!
      .map((word) => word.replaceAll("'", ''));
    const [first, second] = words[0] === 'help' ? [words[1]] : words;
    const fresh = await wholeProgram();
    const named = fresh.commands.find((command) => command.name() === first)!;
    const command = named.commands.find((sub) => sub.name() === second) ?? named;
    let ran = false;
    command.action(() => {
      ran = true;
    });
    if (words[0] === 'help') return expect(named).toBeDefined();
    await fresh.parseAsync(words, { from: 'user' });
    expect(ran).toBe(true);
  });

  it('is what help with a name prints, and of the program without', async () => {
    expect((await run('help', 'warm')).out).toBe((await run('warm', '--help')).out);
    expect((await run('help')).out).toBe((await run('--help')).out);
    expect((await run('keys', 'add', '-h')).out).toContain('--quota');
  });
});

describe('a mistake on the command line', () => {
  it('in the name of a command is told with the nearest one', async () => {
    const { err, out, code } = await run('serch', 'movie');
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^tmdb-cache-proxy: unknown command 'serch'\n\(Did you mean search\?\)/);
    expect((await run('help', 'purg')).err).toContain('Did you mean purge?');
  });

  it.each([
    [['stats', '--jsn'], /^tmdb-cache-proxy stats: unknown option '--jsn'\n\(Did you mean --json\?\)/],
    [['stats', '--watch', '0', '--json'], /^tmdb-cache-proxy stats: .*whole number from 1 to 3600/],
    [['stats', 'now'], /^tmdb-cache-proxy stats: too many arguments/],
    [['search', '--tier', 'cd'], /^tmdb-cache-proxy search: .*Allowed choices are memory, disk, redis/],
    [['purge'], /^tmdb-cache-proxy purge: what\? Give keys, paths/],
    [['purge', 'movie:550'], /looks like a tag/],
    [['purge', '--all', '/3/movie/1', '--yes'], /--all is everything/],
    [['purge', '/3/movie/1', '--url', 'localhost'], /It must be like http:/],
    [['purge', '/3/movie/1', '--url', 'http://:secret@localhost'], /It must be like http:/],
    [['keys', 'ad', 'x'], /^tmdb-cache-proxy keys: unknown command 'ad'\n\(Did you mean add\?\)/],
    [['keys', 'add'], /^tmdb-cache-proxy keys add: missing required argument 'tenant'/],
    [['warm'], /^tmdb-cache-proxy warm: give addresses/],
    [['--confg', 'x'], /^tmdb-cache-proxy serve: unknown option '--confg'\n\(Did you mean --config\?\)/],
    [['demo', 'x'], /^tmdb-cache-proxy demo: too many arguments/],
  ])('%j ends with 2, says what is wrong and where help is', async (args, message) => {
    const { err, out, code } = await run(...args);
    expect(err).toMatch(message);
    expect(err).toContain('--help');
    expect([code, out]).toEqual([2, '']);
  });
});

it('--version prints the version alone', async () => {
  const { out, code } = await run('--version');
  expect([code, out]).toEqual([0, expect.stringMatching(/^\d+\.\d+\.\d+\n$/)]);
  expect((await run('-V')).out).toBe(out);
});
