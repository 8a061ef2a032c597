import { Card, Choice, Loading, View } from './parts.js';

const TILES = [
  ['requests', 'Requests'],
  ['cached', 'From cache'],
  ['latency', 'Latency, p95'],
  ['origin', 'Origin'],
  ['memory', 'Memory'],
  ['l2', 'L2'],
] as const;

const CHARTS = [
  ['requests', 'Requests per second', 'by outcome'],
  ['hit-rate', 'Hit rate', 'last 30 s'],
  ['latency', 'Latency, p95', 'by what served, last 30 s'],
  ['origin', 'Origin requests per second', 'and the budget'],
] as const;

/** Everything at a glance. */
export function Overview() {
  return (
    <View name="overview" title="Overview">
      <div class="row">
        <Choice
          id="scope"
          name="scope"
          legend="Figures of"
          options={[
            ['node', 'This node'],
            ['cluster', 'Cluster'],
          ]}
          hidden
        />
      </div>
      <div class="tiles">
        {TILES.map(([name, label]) => (
          <article class="tile" id={`tile-${name}`}>
            <h2>{label}</h2>
            <p class="value">–</p>
            <p class="sub dim">&nbsp;</p>
            <div class="foot" />
          </article>
        ))}
      </div>
      <div class="grid">
        {CHARTS.map(([name, title, note]) => (
          <section class="card chart" data-chart={name}>
            <h2>
              {title} <small>{note}</small>
            </h2>
            <ul class="legend" />
            <div class="plot" role="img" aria-label={title}>
              <p class="empty">Collecting figures …</p>
            </div>
          </section>
        ))}
      </div>
      <div class="grid">
        <Card title="Latency" note="by what served, last 30 s" id="percentiles">
          <Loading />
        </Card>
        <Card title="Health" id="checks">
          <Loading rows={4} />
        </Card>
        <Card title="Origin servers" id="upstreams" wide>
          <Loading rows={2} />
        </Card>
        <Card title="Top keys" note="hits of late, about" id="top-hits">
          <Loading rows={5} />
        </Card>
        <Card title="Top misses" note="of late" id="top-misses">
          <Loading rows={5} />
        </Card>
      </div>
    </View>
  );
}
