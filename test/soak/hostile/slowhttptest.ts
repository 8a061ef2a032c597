import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { unpacked } from '../../support/debian.js';

/** What each mode does, and what it needs beside what all have. */
export const MODES = {
  '-H': 'slow headers',
  '-B': 'slow body',
  '-R': 'ranges',
  '-X': 'slow read',
} as const;
export type Mode = keyof typeof MODES;

const MORE: Readonly<Record<Mode, readonly string[]>> = {
  '-H': [],
  '-B': ['-s', '1000000'],
  '-R': ['-t', 'GET', '-a', '1', '-b', '3000'],
  '-X': ['-k', '8', '-w', '1', '-y', '512', '-n', '5', '-z', '32'],
};
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]*[A-Za-z]`, 'g');

/** On the PATH, or else Debian's, fetched; said when it can't be had, since nobody would miss its rows in a report. */
export function findSlowhttptest(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const there = folders.map((folder) => join(folder, 'slowhttptest')).find((path) => existsSync(path));
  if (there !== undefined) return there;
  const folder = unpacked('slowhttptest', ['slowhttptest'], 'usr/bin/slowhttptest');
  if (folder === undefined) console.warn('no slowhttptest here: its four attacks are left out');
  return folder && join(folder, 'usr/bin/slowhttptest');
}

export interface Found {
  /** What its own probe found, each time it looked. */
  readonly available: readonly string[];
  /** Why it ended. */
  readonly exit: string;
}

/** Attacks `url` with 300 connections for so many seconds, or until all of them were closed. `tool`: its path. */
export async function slowhttptest(tool: string, mode: Mode, url: string, seconds: number): Promise<Found> {
  const all = ['-c', '300', '-r', '100', '-i', '2', '-p', '3', '-v', '1', '-l', String(seconds), '-u', url];
  const { stdout, stderr } = await promisify(execFile)(tool, [mode, ...MORE[mode], ...all], {
    maxBuffer: 2 ** 26,
  });
  const text = (stdout + stderr).replaceAll(COLOURS, '');
  return {
    available: [...text.matchAll(/service available:\s*(\w+)/g)].map(([, word]) => word!),
    exit: /Exit status:\s*(.+)/.exec(text)?.[1]?.trim() ?? 'none',
  };
}
