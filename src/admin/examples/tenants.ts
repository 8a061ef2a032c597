import type { z } from '@hono/zod-openapi';
import type { tenantsAnswer } from '../answers/tenants.js';
import { NOW, STARTED } from './moments.js';

const usage = { requests: 480, hits: 452, origin_requests: 28, bytes: 1_913_220, refused: 0 };

export const TENANTS: z.infer<typeof tenantsAnswer> = {
  tenants: [
    {
      tenant: 'living-room',
      rate: 5,
      burst: null,
      quota: 10_000,
      classes: ['detail', 'image'],
      expires: null,
      diagnostics: false,
      keys: [{ id: 'K3fQ9z', created: STARTED, expires: null, revoked: null }],
      today: { ...usage, quota_left: 9520 },
      days: [{ date: '2026-01-30', ...usage }],
      complete: true,
    },
  ],
  timestamp: NOW,
};
