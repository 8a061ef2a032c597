import { provesRfcs } from './suite.js';

provesRfcs('redis');
