import type { z } from '@hono/zod-openapi';
import type { InvalidParam } from './problem.js';

/** What zod found, as the `invalid_params` of a problem. Values are never repeated: they may be secrets. */
export function paramsOf(issues: readonly z.core.$ZodIssue[], where: InvalidParam['in']): InvalidParam[] {
  return issues.flatMap((issue): InvalidParam[] => {
    const reason = issue.message;
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((name) => ({ name: name.slice(0, 100), in: where, reason }));
    const path = issue.path.map(String).join('.');
    return [{ name: path === '' ? where : path, in: where, reason }];
  });
}
