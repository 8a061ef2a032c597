// Runs the demo as the README tells a reader to, and pastes what was printed between the markers of README.md.
// With --check it fails when today's session has other lines than the pasted one; figures that differ from run to
// run (times, ids, ages, sizes of headers) are not compared.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const BEGIN = '<!-- demo session: printed by scripts/docs/print-session.mjs -->';
const END = '<!-- end of demo session -->';

const demo = spawn(process.execPath, ['dist/main.js', 'demo'], {
  env: { ...process.env, PORT: '0', HOST: '127.0.0.1', SERVER_ID: 'demo' },
  stdio: ['ignore', 'pipe', 'ignore'],
});
const url = await new Promise((found, failed) => {
  let text = '';
  demo.stdout.on('data', (chunk) => {
    text += chunk;
    const address = /^Proxy\s+(\S+)/m.exec(text)?.[1];
    if (address !== undefined) found(address);
  });
  demo.on('exit', (code) => failed(new Error(`the demo ended with ${code}: ${text}`)));
});

const curl = (...args) =>
  spawnSync('curl', ['-s', ...args])
    .stdout.toString()
    .replace(/\r/g, '')
    .trimEnd();
const shown = (command, output) => `$ ${command}\n${output}`;
const MOVIE = '/3/movie/550?language=en-US';
const asked = `curl -sI 'http://localhost:6635${MOVIE}'`;
const fields = () => curl('-I', url + MOVIE);
const line = (text, name) => text.split('\n').find((each) => each.startsWith(`${name}: `));
const first = fields();
await new Promise((later) => setTimeout(later, 1100));
const parts = [shown(`${asked} | grep ^Cache-Status`, line(first, 'Cache-Status')), shown(asked, fields())];
demo.kill('SIGTERM');
await new Promise((ended) => demo.once('exit', ended));

const session = `${BEGIN}\n\`\`\`console\n${parts.join('\n\n')}\n\`\`\`\n${END}`;
const readme = readFileSync('README.md', 'utf8');
const start = readme.indexOf(BEGIN);
const end = readme.indexOf(END) + END.length;
if (start < 0 || end < END.length) throw new Error('README.md has no markers for the demo session');
const pasted = readme.slice(start, end);

if (process.argv.includes('--check')) {
  const names = (text) =>
    text
      .split('\n')
      .map((line) => line.replace(/: .*/, ':').replace(/\d+/g, 'N'))
      .join('\n');
  if (names(pasted) !== names(session)) {
    console.error('README.md: the demo prints other lines today than the pasted session has');
    process.exit(1);
  }
  console.log('README.md: demo session up to date');
} else {
  writeFileSync('README.md', readme.slice(0, start) + session + readme.slice(end));
  console.log('README.md: demo session printed');
}
