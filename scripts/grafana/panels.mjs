// What the Grafana dashboard shows: rows of panels, each with queries and what a line is called. In a query `$S` stands for the chosen
// nodes, `$R` for the range that a rate is taken over.

const panel = (title, unit, description, ...queries) => ({ title, unit, description, queries });
const number = (...parts) => ({ ...panel(...parts), kind: 'stat' });
const stacked = (...parts) => ({ ...panel(...parts), kind: 'stacked' });

const requests = (matchers) => `sum(rate(tmdb_proxy_requests_total{${matchers}$S}[$R]))`;
const quantile = (q, metric, by) =>
  `histogram_quantile(${q}, sum by (${by}le) (rate(${metric}_bucket{$S}[$R])))`;
const per = (label, metric, matchers = '') => `sum by (${label}) (rate(${metric}{${matchers}$S}[$R]))`;

const traffic = [
  number('Requests', 'reqps', 'Of clients, all nodes together.', [requests(''), '']),
  number('Hit rate', 'percentunit', 'Answered from a tier, of what could have been. Stale answers count.', [
    `${requests('outcome=~"hit|stale",')} / ${requests('outcome=~"hit|stale|miss",')}`,
    '',
  ]),
  number('Errors', 'percentunit', 'Answered with an error of the proxy.', [
    `${requests('outcome="error",')} / ${requests('')}`,
    '',
  ]),
  number('p99', 's', 'Of all answers.', [quantile(0.99, 'tmdb_proxy_request_duration_seconds', ''), '']),
  number('Asked of the origin', 'reqps', 'Retries included.', [
    'sum(rate(tmdb_proxy_origin_attempts_total{$S}[$R]))',
    '',
  ]),
  number('Nodes', 'short', 'That answer the scrape.', ['count(tmdb_proxy_node_info{$S})', '']),
  stacked('Requests by outcome', 'reqps', '', [per('outcome', 'tmdb_proxy_requests_total'), '{{outcome}}']),
  stacked('Requests by tier', 'reqps', 'Where the bytes came from.', [
    per('tier', 'tmdb_proxy_requests_total'),
    '{{tier}}',
  ]),
  stacked('Requests by class', 'reqps', '', [per('class', 'tmdb_proxy_requests_total'), '{{class}}']),
  panel('Busiest routes', 'reqps', '', [
    'topk(10, sum by (route) (rate(tmdb_proxy_requests_total{$S}[$R])))',
    '{{route}}',
  ]),
  panel('Routes that miss most', 'reqps', '', [
    'topk(10, sum by (route) (rate(tmdb_proxy_requests_total{outcome="miss",$S}[$R])))',
    '{{route}}',
  ]),
  panel(
    'Latency',
    's',
    'From the arrival of a request to the end of its answer.',
    [quantile(0.5, 'tmdb_proxy_request_duration_seconds', 'tier, '), '{{tier}} p50'],
    [quantile(0.99, 'tmdb_proxy_request_duration_seconds', 'tier, '), '{{tier}} p99'],
  ),
  stacked('Status', 'reqps', '', [per('status', 'tmdb_proxy_requests_total'), '{{status}}']),
  stacked('Bytes sent', 'Bps', 'Of bodies, to clients.', [
    per('tier', 'tmdb_proxy_response_body_bytes_total'),
    '{{tier}}',
  ]),
  panel('Stale answers', 'reqps', 'By reason.', [
    per('reason', 'tmdb_proxy_stale_served_total'),
    '{{reason}}',
  ]),
  panel('Not stored', 'reqps', 'By reason.', [per('reason', 'tmdb_proxy_not_stored_total'), '{{reason}}']),
];

const tiers = [
  panel('Hit rate of each tier', 'percentunit', 'Of the lookups that came as far.', [
    'sum by (tier) (rate(tmdb_proxy_tier_hits_total{$S}[$R])) / (sum by (tier) (rate(tmdb_proxy_tier_hits_total{$S}[$R])) + sum by (tier) (rate(tmdb_proxy_tier_misses_total{$S}[$R])))',
    '{{tier}}',
  ]),
  panel(
    'Bytes and their bounds',
    'bytes',
    'A Redis that nodes share is counted by each of them: the largest is shown.',
    ['max by (tier) (tmdb_proxy_tier_bytes{$S})', '{{tier}}'],
    ['max by (tier) (tmdb_proxy_tier_max_bytes{$S}) > 0', '{{tier}}, bound'],
  ),
  panel('Entries', 'short', 'The largest of any node.', [
    'max by (tier) (tmdb_proxy_tier_entries{$S})',
    '{{tier}}',
  ]),
  panel('Evictions', 'ops', 'unused: nobody had asked for it since it came.', [
    per('tier, reason', 'tmdb_proxy_tier_evictions_total'),
    '{{tier}} {{reason}}',
  ]),
  panel(
    'L2 reads and writes',
    's',
    '',
    [
      quantile(0.5, 'tmdb_proxy_tier_operation_duration_seconds', 'tier, operation, '),
      '{{tier}} {{operation}} p50',
    ],
    [
      quantile(0.99, 'tmdb_proxy_tier_operation_duration_seconds', 'tier, operation, '),
      '{{tier}} {{operation}} p99',
    ],
  ),
  panel('Writes', 'ops', '', [per('tier', 'tmdb_proxy_tier_writes_total'), '{{tier}}']),
  panel('L2 in use', 'short', '1: in use.', ['tmdb_proxy_l2_in_use{$S}', '{{instance}} {{l2}}']),
  panel(
    'Trouble',
    'ops',
    'Failed operations, and values that could not be read.',
    [per('tier', 'tmdb_proxy_tier_errors_total'), '{{tier}} errors'],
    [per('tier', 'tmdb_proxy_tier_corrupt_total'), '{{tier}} unreadable'],
    [per('l2', 'tmdb_proxy_l2_breaker_failures_total'), '{{l2}} calls that failed'],
  ),
  panel(
    'Fills',
    'short',
    'In progress, and requests that wait for them.',
    ['sum(tmdb_proxy_flights{$S})', 'fills'],
    ['sum(tmdb_proxy_flight_waiters{$S})', 'waiting'],
    ['sum(rate(tmdb_proxy_collapsed_requests_total{$S}[$R]))', 'collapsed requests/s'],
  ),
];

const origin = [
  stacked('Attempts', 'reqps', 'By how each ended.', [
    per('upstream, outcome', 'tmdb_proxy_origin_attempts_total'),
    '{{upstream}} {{outcome}}',
  ]),
  panel(
    'Time to the head',
    's',
    '',
    [quantile(0.5, 'tmdb_proxy_origin_attempt_duration_seconds', 'upstream, '), '{{upstream}} p50'],
    [quantile(0.95, 'tmdb_proxy_origin_attempt_duration_seconds', 'upstream, '), '{{upstream}} p95'],
  ),
  panel(
    'Budget',
    'reqps',
    'What is asked, and what may be.',
    [per('upstream', 'tmdb_proxy_origin_attempts_total'), '{{upstream}}'],
    ['max by (upstream) (tmdb_proxy_origin_budget_requests_per_second{$S})', '{{upstream}}, bound'],
  ),
  panel('Waiting for the budget', 's', '', [
    quantile(0.95, 'tmdb_proxy_origin_queue_wait_seconds', 'priority, '),
    '{{priority}} p95',
  ]),
  panel(
    'Queue',
    'short',
    '',
    ['sum by (upstream, priority) (tmdb_proxy_origin_queued_requests{$S})', '{{upstream}} {{priority}}'],
    [
      per('upstream, reason', 'tmdb_proxy_origin_queue_rejected_total'),
      '{{upstream}} turned away/s: {{reason}}',
    ],
  ),
  panel(
    'Connections',
    'short',
    '',
    ['sum by (server) (tmdb_proxy_origin_in_flight_requests{$S})', '{{server}}'],
    ['max by (server) (tmdb_proxy_origin_max_connections{$S})', '{{server}}, bound'],
  ),
  panel('Breaker', 'short', '0 closed, 1 half open, 2 open.', [
    'max by (server) (tmdb_proxy_origin_breaker_state{$S})',
    '{{server}}',
  ]),
  panel(
    'Retries and failover',
    'ops',
    '',
    [per('upstream', 'tmdb_proxy_origin_retries_total'), '{{upstream}} retries'],
    [per('upstream', 'tmdb_proxy_origin_failover_attempts_total'), '{{upstream}} at a stand-in'],
    [per('upstream', 'tmdb_proxy_origin_rate_limited_total'), '{{upstream}} answered 429'],
    [per('upstream', 'tmdb_proxy_origin_bodies_failed_total'), '{{upstream}} bodies broken'],
  ),
  panel('TMDB keys', 'short', 'By state.', ['sum by (state) (tmdb_proxy_credentials{$S})', '{{state}}']),
];

const cluster = [
  panel('Bus', 'short', '1: this node and Redis know the same purges.', [
    'tmdb_proxy_bus_synced{$S}',
    '{{instance}}',
  ]),
  panel(
    'Purges reach other nodes',
    's',
    '',
    [quantile(0.5, 'tmdb_proxy_bus_purge_lag_seconds', ''), 'p50'],
    [quantile(0.99, 'tmdb_proxy_bus_purge_lag_seconds', ''), 'p99'],
  ),
  panel('Purges', 'ops', 'Rules taken in.', [
    per('scope, mode', 'tmdb_proxy_purges_total'),
    '{{scope}} {{mode}}',
  ]),
  panel('Purge clock', 'short', 'Nodes of one region should not stay apart.', [
    'tmdb_proxy_purge_epoch{$S}',
    '{{instance}}',
  ]),
  panel('Purge rules', 'short', '', ['tmdb_proxy_purge_rules{$S}', '{{instance}}']),
  panel(
    'Bus, messages',
    'ops',
    '',
    ['sum(rate(tmdb_proxy_bus_raised_total{$S}[$R]))', 'made'],
    ['sum(rate(tmdb_proxy_bus_applied_total{$S}[$R]))', 'learnt'],
    ['sum(rate(tmdb_proxy_bus_gaps_total{$S}[$R]))', 'gaps'],
    ['sum(rate(tmdb_proxy_bus_reads_total{$S}[$R]))', 'readings'],
    ['sum(rate(tmdb_proxy_bus_reconciles_total{$S}[$R]))', 'full comparisons'],
  ),
  panel(
    'Not told yet',
    'short',
    '',
    ['sum by (instance) (tmdb_proxy_bus_pending_purges{$S})', '{{instance}}, to its region'],
    ['sum by (peer) (tmdb_proxy_peer_pending_purges{$S})', 'to {{peer}}'],
  ),
  panel(
    'Leases',
    'ops',
    'One fetch for all nodes.',
    [per('result', 'tmdb_proxy_lease_claims_total'), '{{result}}'],
    ['sum(rate(tmdb_proxy_lease_shared_fills_total{$S}[$R]))', "answered by another node's"],
    ['sum(rate(tmdb_proxy_lease_failures_total{$S}[$R]))', 'failed'],
  ),
  panel('Leases held', 'short', '', ['sum by (instance) (tmdb_proxy_leases_held{$S})', '{{instance}}']),
];

const feed = [
  panel('Since the last reading', 's', '', ['tmdb_proxy_feed_lag_seconds{$S}', '{{instance}}']),
  panel(
    'Health',
    'short',
    '1: edits are told; 1: reads for all.',
    ['tmdb_proxy_feed_healthy{$S}', '{{instance}} healthy'],
    ['tmdb_proxy_feed_leader{$S}', '{{instance}} leads'],
  ),
  panel(
    'Titles',
    'ops',
    '',
    [per('kind', 'tmdb_proxy_feed_ids_seen_total'), '{{kind}} edited'],
    [per('kind', 'tmdb_proxy_feed_softened_total'), '{{kind}} made stale'],
    [per('kind', 'tmdb_proxy_feed_not_cached_total'), '{{kind}} not cached'],
  ),
  panel('Readings', 'ops', '', [per('result', 'tmdb_proxy_feed_polls_total'), '{{result}}']),
  panel(
    'Warm-up',
    'short',
    '',
    ['sum by (status) (tmdb_proxy_warm_jobs{$S})', 'jobs {{status}}'],
    ['sum(tmdb_proxy_warm_left{$S})', 'targets left'],
  ),
  panel('Warm-up, targets', 'ops', '', [per('result', 'tmdb_proxy_warm_targets_total'), '{{result}}']),
];

const tenants = [
  panel('Requests', 'reqps', 'Clients with keys; needs METRICS_PORT.', [
    `topk(10, ${per('tenant', 'tmdb_proxy_tenant_requests_total')})`,
    '{{tenant}}',
  ]),
  panel('Asked of the origin', 'reqps', '', [
    `topk(10, ${per('tenant', 'tmdb_proxy_tenant_origin_requests_total')})`,
    '{{tenant}}',
  ]),
  panel('Refused', 'reqps', 'By class, rate or quota.', [
    `topk(10, ${per('tenant', 'tmdb_proxy_tenant_refused_total')})`,
    '{{tenant}}',
  ]),
  panel('Bytes', 'Bps', '', [`topk(10, ${per('tenant', 'tmdb_proxy_tenant_bytes_total')})`, '{{tenant}}']),
  panel('Hit rate', 'percentunit', '', [
    `${per('tenant', 'tmdb_proxy_tenant_hits_total')} / ${per('tenant', 'tmdb_proxy_tenant_requests_total')}`,
    '{{tenant}}',
  ]),
  panel(
    'Keys',
    'short',
    'In force; 1: the file says what is.',
    ['tmdb_proxy_proxy_keys{$S}', '{{instance}}'],
    ['tmdb_proxy_proxy_keys_file_good{$S}', '{{instance}}, file is good'],
  ),
];

const processes = [
  panel('CPU', 'short', 'Cores used.', [per('instance', 'process_cpu_seconds_total'), '{{instance}}']),
  panel('Memory', 'bytes', 'Resident, all processes of a node.', [
    'process_resident_memory_bytes{$S}',
    '{{instance}}',
  ]),
  panel('Event loop delay', 's', 'p99 of the worst process; 10 ms of it are the pause between two looks.', [
    'nodejs_eventloop_lag_p99_seconds{$S}',
    '{{instance}}',
  ]),
  panel('Garbage collection', 'percentunit', 'Share of time.', [
    'sum by (instance, kind) (rate(nodejs_gc_duration_seconds_sum{$S}[$R]))',
    '{{instance}} {{kind}}',
  ]),
  panel(
    'Files and sockets',
    'short',
    '',
    ['process_open_fds{$S}', '{{instance}}'],
    ['process_max_fds{$S}', '{{instance}}, bound'],
  ),
  panel('Workers', 'short', '', ['tmdb_proxy_workers{$S}', '{{instance}} {{state}}']),
  panel('Versions', 'short', '', [
    'count by (version, node_version) (tmdb_proxy_build_info{$S})',
    '{{version}} on Node {{node_version}}',
  ]),
  panel('Uptime', 's', '', ['time() - process_start_time_seconds{$S}', '{{instance}}']),
];

export const ROWS = [
  ['Traffic', traffic],
  ['Tiers', tiers],
  ['Origin', origin],
  ['Cluster', cluster],
  ['Change feed and warm-up', feed],
  ['Tenants', tenants],
  ['Process', processes],
];
