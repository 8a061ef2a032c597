// Prints docs/configuration.md from the table the program reads.
import { configurationDocument } from '../../dist/config/docs.js';
import { keep } from '../generated.mjs';

keep('docs/configuration.md', configurationDocument());
