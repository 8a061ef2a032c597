/** What stands in a secret's place. */
export const MASK = '***';
