import type { StatusAnswer } from '../answers/status.js';
import { NOW, STARTED } from './moments.js';

export const RUNNING: StatusAnswer = {
  status: 'running',
  version: '0.1.0',
  server_id: 'node-1',
  region: 'default',
  uptime: 3600,
  start_time: STARTED,
  timestamp: NOW,
  workers: 2,
  ready: 2,
};
