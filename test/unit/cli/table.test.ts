import { describe, expect, it } from 'vitest';
import { table } from '../../../src/cli/table.js';

describe('a table', () => {
  const columns = [
    { title: 'name', of: ([name]: readonly string[]) => name! },
    { title: 'n', of: ([, n]: readonly string[]) => n!, right: true },
  ];

  it('lines up, figures at their end', () => {
    expect(
      table(columns, [
        ['a', '1'],
        ['long', '100'],
      ]),
    ).toBe('name    n\na       1\nlong  100');
  });

  it('lets no value of somebody else move the cursor or begin a line', () => {
    expect(table(columns, [['a\u001b[2J\r\nb\u009b', '1']])).toBe('name      n\na [2J b   1');
  });
});
