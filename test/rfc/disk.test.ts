import { provesRfcs } from './suite.js';

provesRfcs('disk');
