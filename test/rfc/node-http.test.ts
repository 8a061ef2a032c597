import { provesRfcs } from './suite.js';

provesRfcs('node-http');
