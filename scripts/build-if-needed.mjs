// Runs before `npm start` and `npm run demo`: compiles when dist/ is missing or older than a source file.
import { execFileSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';

const newest = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .reduce(
      (latest, file) => Math.max(latest, statSync(`${file.parentPath ?? file.path}/${file.name}`).mtimeMs),
      0,
    );

const built = statSync('dist/main.js', { throwIfNoEntry: false })?.mtimeMs ?? 0;
if (built < newest('src')) execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'inherit' });
