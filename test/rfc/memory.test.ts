import { provesRfcs } from './suite.js';

provesRfcs('memory');
