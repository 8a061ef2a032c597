// Prints docs/metrics.md from the metrics the program registers.
import { metricsDocument } from '../../dist/observe/metrics-docs.js';
import { keep } from '../generated.mjs';

keep('docs/metrics.md', await metricsDocument());
