// Prints docs/cli.md from the help of the commands.
import { wholeProgram } from '../../dist/cli.js';
import { keep } from '../generated.mjs';

const INTRODUCTION = `# Command line

<!-- Printed by scripts/docs/print-cli.mjs from the help of the commands (src/cli.ts, src/*-command.ts). Change it there. -->

\`npm i -g\` of the package puts \`tmdb-cache-proxy\` on the PATH; in a clone it is \`node dist/main.js\`, in a container
\`docker exec … node dist/main.js\`.

\`stats\`, \`search\`, \`purge\` and \`warm\` ask a running proxy over HTTP. They find it as it finds its port: from the environment, a
\`.env\` file in the working directory or \`--config\`; \`--url\` names another. \`search\`, \`purge\` and \`warm\` need its admin key where it
has one: \`ADMIN_API_KEY\`, or \`ADMIN_API_KEY_FILE\`. \`--key\` works as well, but shows in a list of processes. A
key in a file goes to the proxy that the file configures and to no other. None is ever printed.

With \`--json\` standard output is for programs; what is for people goes to standard error. A failure is then \`{"error": "…"}\`.

| exit status | means |
|---|---|
| 0 | done |
| 1 | it failed, or only a part was done; the last line says why |
| 2 | the command line has a mistake; nothing was tried |
| 78 | the configuration has mistakes, each on a line of its own (\`check\` reports them as findings, with 1) |
| 130 | stopped by Ctrl-C before the end |`;

function helpOf(command) {
  let text = '';
  command.configureOutput({
    writeOut: (part) => {
      text += part;
    },
    getOutHelpWidth: () => 110,
    getOutHasColors: () => false,
  });
  command.outputHelp();
  return text.trimEnd();
}

const chapter = (command, names) => [
  `${'#'.repeat(Math.min(3, names.length + 1))} ${['tmdb-cache-proxy', ...names].join(' ')}\n\n\`\`\`\n${helpOf(command)}\n\`\`\``,
  ...command.commands.flatMap((sub) => chapter(sub, [...names, sub.name()])),
];

const program = await wholeProgram();
const [whole, ...rest] = chapter(program, []);
keep('docs/cli.md', `${[INTRODUCTION, whole.replace(/^# /, '## '), ...rest].join('\n\n')}\n`);
