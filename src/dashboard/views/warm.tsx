import { Card, Choice, Loading, View } from './parts.js';

const KINDS = ['movie', 'tv', 'person', 'collection', 'network', 'keyword', 'company'] as const;

/** Starting warm-up jobs, and how far they are. */
export function Warm() {
  return (
    <View name="warm" title="Warm-up">
      <div class="grid">
        <form class="card form" id="warm-form">
          <h2>Bring into the cache</h2>
          <Choice
            name="from"
            legend="From"
            options={[
              ['urls', 'Addresses'],
              ['export', 'Most popular'],
              ['hot', 'Most asked for'],
            ]}
          />
          <label data-for="urls">
            <span>Addresses, one a line</span>
            <textarea
              name="urls"
              rows={5}
              placeholder={'/3/movie/550\nhttps://www.themoviedb.org/tv/1399'}
              spellcheck={false}
            />
          </label>
          <div class="row" data-for="export" hidden>
            <label>
              <span>Of</span>
              <select name="kind">
                {KINDS.map((kind) => (
                  <option value={kind}>{kind}</option>
                ))}
              </select>
            </label>
            <label>
              <span>So many</span>
              <input name="top" type="number" min="1" max="100000" value="1000" />
            </label>
            <label class="grow">
              <span>Languages</span>
              <input name="languages" placeholder="en-US, de" autocomplete="off" spellcheck={false} />
            </label>
          </div>
          <label data-for="hot" hidden>
            <span>So many</span>
            <input name="hot" type="number" min="1" max="100000" value="1000" />
          </label>
          <div class="row">
            <button class="primary" type="submit">
              Start
            </button>
            <p class="dim">Behind every user, within the origin’s budget.</p>
          </div>
          <p class="notice" id="warm-result" role="status" hidden />
        </form>
        <Card title="Jobs" id="jobs">
          <Loading />
        </Card>
      </div>
    </View>
  );
}
