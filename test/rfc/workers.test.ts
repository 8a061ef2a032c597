import { provesRfcs } from './suite.js';

provesRfcs('workers');
