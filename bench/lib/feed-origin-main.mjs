// Run by feed-origin.mjs: the sample TMDB of a build, steered by messages. Settings as JSON in the first argument.
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const { dist, titles } = JSON.parse(process.argv[2]);
const { startSampleOrigin } = await import(pathToFileURL(join(resolve(dist), 'demo/index.js')).href);
const origin = await startSampleOrigin({
  seed: 'bench',
  catalogue: { movies: titles },
  changesPerDay: 0,
  logSize: 4_000_000,
});

const isFeed = ({ target }) => /^\/3\/(movie|tv|person)\/changes/.test(target);
const isTitle = ({ target }) => /^\/3\/movie\/\d/.test(target);

function counts() {
  const all = origin.requests.all();
  const titlesAsked = all.filter(isTitle);
  return {
    titles: titlesAsked.length,
    unchanged: titlesAsked.filter(({ status }) => status === 304).length,
    feed: all.filter(isFeed).length,
    other: all.filter((request) => !isFeed(request) && !isTitle(request)).length,
  };
}

process.on('message', ({ edit, reset, ask }) => {
  if (edit !== undefined) origin.edit('movie', edit.id, edit.patch);
  if (reset) origin.requests.reset();
  if (ask) process.send({ counts: counts() });
});
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
process.send({ port: origin.port });
