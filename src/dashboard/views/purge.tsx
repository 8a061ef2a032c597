import { Choice, View } from './parts.js';

/** What to purge, and how. */
export function Purge({ classes }: { readonly classes: readonly string[] }) {
  return (
    <View name="purge" title="Purge">
      <form class="card form" id="purge-form">
        <h2>Purge</h2>
        <Choice
          name="what"
          legend="What"
          options={[
            ['tag', 'Title or tag'],
            ['url', 'Address'],
            ['key', 'Key'],
            ['class', 'Class'],
            ['all', 'Everything'],
          ]}
        />
        <label data-for="tag">
          <span>Tag</span>
          <input name="tag" placeholder="movie:550" autocomplete="off" spellcheck={false} />
          <small>All languages, credits, images of a title: movie:550, tv:1399, person:31</small>
        </label>
        <label data-for="url" hidden>
          <span>Address</span>
          <input
            name="url"
            placeholder="/3/movie/550 or https://www.themoviedb.org/movie/550"
            autocomplete="off"
            spellcheck={false}
          />
          <small>A path without a query is every variant of it</small>
        </label>
        <label data-for="key" hidden>
          <span>Key</span>
          <input
            name="key"
            placeholder="as it is listed under Entries"
            autocomplete="off"
            spellcheck={false}
          />
        </label>
        <label data-for="class" hidden>
          <span>Class</span>
          <select name="class">
            {classes.map((name) => (
              <option value={name}>{name}</option>
            ))}
          </select>
        </label>
        <p data-for="all" class="notice" hidden>
          Everything that is stored, of every class.
        </p>
        <Choice
          name="how"
          legend="How"
          options={[
            ['soft', 'Soft: stale'],
            ['hard', 'Hard: gone'],
          ]}
        />
        <p class="dim" id="purge-meaning" />
        <div class="row">
          <button class="danger" type="submit">
            Purge …
          </button>
          <p class="dim">You see how much it is before anything happens.</p>
        </div>
        <p class="notice" id="purge-result" role="status" hidden />
      </form>
    </View>
  );
}

/** Asks before something happens that can't be undone. */
export function ConfirmDialog() {
  return (
    <dialog id="confirm" class="ask" aria-labelledby="confirm-title">
      <form method="dialog">
        <h2 id="confirm-title">–</h2>
        <div id="confirm-body" />
        <div class="row end">
          <button class="quiet" value="no" type="submit" autofocus>
            Cancel
          </button>
          <button class="danger" value="yes" type="submit" id="confirm-yes">
            Purge
          </button>
        </div>
      </form>
    </dialog>
  );
}
