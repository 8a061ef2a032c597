import { readFileSync } from 'node:fs';
import { DockerfileParser } from 'dockerfile-ast';

/** One instruction, its lines joined: `COPY`, and what follows it. */
export interface Step {
  readonly keyword: string;
  readonly text: string;
}

export interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly steps: readonly Step[];
}

export interface Dockerfile {
  /** `ARG` before the first `FROM`. */
  readonly defaults: Readonly<Record<string, string>>;
  readonly build: Stage;
  readonly final: Stage;
}

export const REPOSITORY = new URL('../../', import.meta.url).pathname;

/** The Dockerfile of this repository: one stage that builds, and the one that becomes the image. */
export function readDockerfile(): Dockerfile {
  const parsed = DockerfileParser.parse(readFileSync(`${REPOSITORY}Dockerfile`, 'utf8'));
  const defaults: Record<string, string> = {};
  const stages: { image: string; name: string | undefined; steps: Step[] }[] = [];
  for (const instruction of parsed.getInstructions()) {
    const keyword = instruction.getKeyword();
    // Flags belong to it; lines that end in a backslash go on.
    const text = instruction
      .getTextContent()
      .slice(keyword.length)
      .replace(/\\\n\s*/g, '')
      .trim();
    if (keyword === 'FROM') {
      const [image = '', , name] = text.split(/\s+/);
      stages.push({ image, name, steps: [] });
    } else if (stages.length === 0) {
      const [name = '', value = ''] = text.split('=');
      defaults[name] = value;
    } else stages.at(-1)!.steps.push({ keyword, text });
  }
  const [build, final, ...more] = stages;
  if (build === undefined || final === undefined || more.length > 0) throw new Error('not two stages');
  return { defaults, build, final };
}

/** What follows the only instruction of this name. */
export function only(stage: Stage, keyword: string): string {
  const found = stage.steps.filter((step) => step.keyword === keyword);
  if (found.length !== 1) throw new Error(`${found.length} ${keyword} in a stage`);
  return found[0]!.text;
}

/** `ENV`, `LABEL` as names and values. */
export function pairs(text: string): Record<string, string> {
  const all = [...text.matchAll(/([\w.-]+)=(?:"([^"]*)"|(\S+))/g)];
  return Object.fromEntries(all.map(([, name, quoted, plain]) => [name, quoted ?? plain]));
}

/** An instruction in exec form, `["node", "…"]`; throws for shell form. `HEALTHCHECK` has its command behind `CMD`. */
export function words(text: string): string[] {
  return JSON.parse(text.slice(text.indexOf('['))) as string[];
}

/** `COPY`: what, from which stage, to where. */
export function copied(text: string): {
  readonly from: string | undefined;
  readonly sources: string[];
  readonly target: string;
} {
  const parts = text.split(/\s+/);
  const from = parts[0]?.startsWith('--from=') ? parts.shift()!.slice('--from='.length) : undefined;
  const target = parts.pop()!;
  return { from, sources: parts, target };
}
