// Documents name no metric that the program does not export; and docs/metrics.md, where there is one, names all of them.

const NAME = /\btmdb_proxy_[a-z0-9_*]*[a-z0-9*]/g;
/** How Prometheus spells the parts of a histogram. */
const PART = /_(?:bucket|sum|count)$/;
const CATALOGUE = 'docs/metrics.md';

/** @returns {Promise<Set<string>>} the names of every metric a node can export, whatever it is configured for */
export async function exportedMetrics() {
  const { metricHeads } = await import('../../dist/observe/metrics-docs.js');
  return new Set(metricHeads().map(({ name }) => name));
}

/**
 * @param {ReadonlyMap<string, string>} documents text by path
 * @param {ReadonlySet<string>} exported
 * @returns {{ summary: string, complaints: string[] }}
 */
export function checkMetricNames(documents, exported) {
  const complaints = new Set();
  const named = new Set();
  for (const [document, text] of documents)
    for (const [name] of text.matchAll(NAME)) {
      const meant = metricsOf(name, exported);
      for (const metric of meant) named.add(metric);
      if (meant.length === 0) complaints.add(`${document}: no metric is called ${name}`);
    }
  const silent = [...exported].filter((name) => !named.has(name));
  if (documents.has(CATALOGUE))
    for (const name of silent) complaints.add(`${name} is in no document: ${CATALOGUE} is out of date`);
  const missing = documents.has(CATALOGUE) ? '' : `, ${silent.length} in no document yet`;
  return { summary: `${exported.size} metrics${missing}`, complaints: [...complaints] };
}

/** `tmdb_proxy_feed_*` stands for several. */
function metricsOf(name, exported) {
  const pattern = new RegExp(`^${name.replaceAll('*', '[a-z0-9_]+')}$`);
  const whole = [...exported].filter((one) => pattern.test(one));
  return whole.length > 0 ? whole : [...exported].filter((one) => one === name.replace(PART, ''));
}
