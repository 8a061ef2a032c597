import type { EffectiveSetting } from './config.js';

const WIDTH = 110;

/**
 * The effective configuration as lines for the start: what was set and what was derived one a line with its reason,
 * what stands at its default together. Takes redacted settings only, so it cannot leak.
 */
export function printConfig(effective: readonly EffectiveSetting[]): string[] {
  const told = effective.filter((setting) => setting.source !== 'default');
  const rest = effective.filter((setting) => setting.source === 'default' && setting.value !== null);
  const unset = effective.filter((setting) => setting.source === 'default' && setting.value === null);
  return [
    'Configuration',
    ...table(told),
    ...paragraph('defaults', rest.map(assignment)),
    ...paragraph(
      'unset',
      unset.map((setting) => setting.name),
    ),
  ];
}

function table(settings: readonly EffectiveSetting[]): string[] {
  const nameWidth = widest(settings.map((setting) => setting.name));
  const valueWidth = widest(settings.map(shown));
  return settings.map((setting) => {
    const origin = setting.source === 'derived' ? `derived: ${setting.reason}` : setting.reason;
    return `  ${setting.name.padEnd(nameWidth)}  ${shown(setting).padEnd(valueWidth)}  ${origin}`;
  });
}

/** One long value must not push every reason off the screen. */
const WIDEST_COLUMN = 40;

function widest(cells: readonly string[]): number {
  return Math.min(WIDEST_COLUMN, Math.max(0, ...cells.map((cell) => cell.length)));
}

function shown(setting: EffectiveSetting): string {
  return setting.value === null ? '-' : String(setting.value);
}

function assignment(setting: EffectiveSetting): string {
  return `${setting.name}=${shown(setting)}`;
}

function paragraph(title: string, words: readonly string[]): string[] {
  if (words.length === 0) return [];
  const lines: string[] = [];
  let line = `  ${title}:`;
  for (const word of words) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = '   ';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
