import { SETTING_GROUPS, type SettingName, settingOf } from './settings/index.js';
import { fileVariable } from './sources.js';

/** The text of docs/configuration.md, printed from the table that the program itself reads. */
export function configurationDocument(): string {
  return `${[INTRODUCTION, ...SETTING_GROUPS.map((group) => chapter(group.title, group.names)), RULES].join('\n\n')}\n`;
}

const INTRODUCTION = `# Configuration

<!-- Printed by scripts/docs/print-configuration.mjs from src/config/settings. Change it there. -->

Every variable may be given in three places. The first that has it wins:

1. the environment,
2. a file \`.env\` in the working directory,
3. a YAML file named by \`--config FILE.yaml\`, with the same names (\`PORT: 6635\`; lists may be YAML lists).

An empty value counts as unset. The effective configuration is printed once at the start and answered by
\`GET /config\`: each value with its source (\`default\`, \`env\`, \`file\`, \`derived\`) and the reason, secrets redacted.
A bad value, or an unknown variable that looks like one of these, stops the start with one line for each mistake.
Variables that others set are left alone, among them the service links of Kubernetes and Docker (\`REDIS_SERVICE_HOST\`,
\`REDIS_PORT=tcp://…\`).

- **Durations** are plain numbers in the unit of the table, fractions included: \`JSON_MEMORY_TTL=0.05\` is three seconds.
- **Sizes** are bytes, or a number with a suffix: \`1048576\`, \`64mb\`, \`1GiB\`. \`k\`, \`m\`, \`g\` and \`t\`, with or without \`b\` or
  \`ib\`, in either case, are powers of 1024.
- **Switches** are \`true\` or \`false\`; \`1\`, \`0\`, \`yes\`, \`no\`, \`on\` and \`off\` do as well.
- **Lists** are separated by commas.
- **Secrets**, marked in the tables, may also come from a file: \`ADMIN_API_KEY_FILE=/run/secrets/admin\`. The file is read
  at the start, blanks around its content are dropped. Set the variable or its \`_FILE\`, not both. They are printed as
  \`***\`; addresses marked “login” are printed without user and password.
- **Reload**: variables marked so take new values without a restart, on SIGHUP or POST /config/reload: [operations](operations.md#reloading).`;

function chapter(title: string, names: readonly SettingName[]): string {
  const header = '| variable | default | unit or form | meaning | |\n|---|---|---|---|---|';
  return `## ${title}\n\n${[header, ...names.map(row)].join('\n')}`;
}

function row(name: SettingName): string {
  const setting = settingOf(name);
  const oldNames = setting.aliases.map((alias) => `also \`${alias}\``);
  const file = fileVariable(name);
  const marks = [
    ...oldNames,
    ...(setting.secret === 'all' ? ['secret'] : []),
    ...(setting.secret === 'login' ? ['login'] : []),
    ...(file === undefined ? [] : [`\`${file}\``]),
    ...(setting.reloadable ? ['reload'] : []),
  ];
  const value = setting.default === undefined ? (setting.whenUnset ?? '') : `\`${setting.default}\``;
  const meaning =
    setting.remark === undefined
      ? setting.meaning
      : `${setting.meaning} What is made of it: ${setting.remark}.`;
  return `| ${[`\`${name}\``, value, setting.kind.label, meaning, marks.join(', ')].map(cell).join(' | ')} |`;
}

/** A bar inside a cell would begin the next one. */
function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

const RULES = `## What is derived

Explicit settings win silently. What follows from others is shown with its reason.

| variable | when unset |
|---|---|
| \`USE_REDIS\` (or \`auto\`) | An address of Redis (\`REDIS_CLUSTER_NODES\`, \`REDIS_URL\` or \`REDIS_SENTINELS\`; one of them) makes L2 Redis. \`BUS_REDIS_URL\` alone does too: L2 then uses the Redis of the bus. Without an address L2 is the disk store. |
| \`BUS_REDIS_URL\` | The bus uses the Redis of L2; without one, purges reach this machine. \`USE_REDIS=false\` keeps L2 on disk, and a bus of its own is still used. |
| \`USE_REDIS=true\` | Without an address the program refuses to start and says which variable to set. |
| \`TTL_POLICY\` | \`content-type\` for TMDB, \`origin\` for \`UPSTREAM_TYPE=custom\`. |
| \`CHANGE_FEED\` | \`false\` without \`TMDB_API_KEY\`: the lists need a key. In any case where the upstream is not TMDB’s API, with \`OFFLINE=true\`, \`CACHE_ENABLED=false\` or \`TTL_POLICY=origin\`. |
| \`WORKERS\` | One per available core. |
| \`MEMORY_CACHE_BYTES\` | 256 MiB, at most a quarter of the memory of the container or the machine. |
| \`SERVER_ID\` | Program, host name, and a number that is new with each start. |
| \`…_STALE_WHILE_REVALIDATE\`, \`…_STALE_IF_ERROR\` | The general \`STALE_WHILE_REVALIDATE\` and \`STALE_IF_ERROR\`, if given, for every class but \`NEGATIVE\`. |
| \`CHANGES_…\`, \`STATIC_…\`, \`NEGATIVE_MEMORY_TTL\` and \`_DISK_TTL\` | No longer than \`JSON_MEMORY_TTL\` and \`JSON_DISK_TTL\` where these are given. |

Fresh time and stale window together never exceed 180 days (TMDB’s terms); a longer window is cut, and the cut shown.
\`REDIS_USERNAME\`, \`REDIS_PASSWORD\`, \`REDIS_DB\` and \`REDIS_TLS\` hold for L2’s Redis and the fallback nodes. They are used for
\`BUS_REDIS_URL\` only when L2 has no address of its own. A login within a URL wins over them.`;
