import { describe, expect, it } from 'vitest';
import { type Got, get, json } from '../support/raw-client.js';
import { freePort } from '../support/redis-server.js';
import { HOUSE_KEY, keysWithOpenImages, proxyBefore, sampleTmdb } from './kit.js';

// Programs that cannot be run here, asked for as their sources do it (docs/clients.md names the files that were read).

const origin = sampleTmdb();

/** What MoviePilot makes of a call (`TMDb._build_url`): parameters between two ampersands, also when there are none. */
const moviePilotUrl = (domain: string, action: string, key: string, parameters = ''): string =>
  `${domain}/3${action}?api_key=${key}&${parameters}&language=zh`;

/** What StrmAssistant makes of Emby's address (`GetMovieDbResponsePrefix`): host and key are replaced in the text. */
function strmAssistantUrl(url: string, alternative: { url: string; key?: string }): string {
  const moved = url.replace('https://api.themoviedb.org', alternative.url);
  const replaces = /^[a-fA-F0-9]{32}$/.test(alternative.key ?? '');
  return replaces ? moved.replace(EMBY_KEY, alternative.key ?? '') : moved;
}
const EMBY_KEY = '0123456789abcdef0123456789abcdef';

async function posterOf(url: string, query = ''): Promise<string> {
  const movie = await get(`${url}/3/movie/550${query}`);
  expect(movie.status).toBe(200);
  return String(json(movie).poster_path);
}

const imageOf = ({ status, headers, body }: Got) => [status, headers['content-type'], body.length > 1000];
const AN_IMAGE = [200, 'image/jpeg', true];

describe('MoviePilot and nas-tools: ?api_key=…&&language=zh on a bare domain', () => {
  const proxy = proxyBefore(origin);

  it('the empty pair, the key and the order of parameters make no second entry', async () => {
    const first = await get(moviePilotUrl(proxy().url, '/movie/550', 'k1'));
    expect(json(first)).toMatchObject({ id: 550 });
    const before = origin().requests.total;
    for (const url of [
      moviePilotUrl(proxy().url, '/movie/550', 'k2'),
      `${proxy().url}/3/movie/550?language=zh&api_key=k3`,
      `${proxy().url}/3/movie/550?language=zh`,
    ]) {
      const again = await get(url);
      expect(again.body.equals(first.body), url).toBe(true);
    }
    expect(origin().requests.total).toBe(before);
  });

  it('parameters in the middle are read, and other ones are another entry', async () => {
    const parameters = 'append_to_response=images,credits,alternative_titles,translations,external_ids';
    const whole = json(await get(moviePilotUrl(proxy().url, '/tv/1399', 'k', parameters)));
    expect(whole).toMatchObject({ id: 1399, credits: expect.anything(), images: expect.anything() });
    expect(json(await get(moviePilotUrl(proxy().url, '/tv/1399', 'k')))).not.toHaveProperty('credits');
    const search = await get(moviePilotUrl(proxy().url, '/search/multi', 'k', 'query=%E5%A4%9C&page=1'));
    expect(json(search)).toMatchObject({ page: 1 });
  });

  it('finds no X-RateLimit field to wait by, and images under /t/p/original', async () => {
    const movie = await get(moviePilotUrl(proxy().url, '/movie/13', 'k'));
    expect(Object.keys(movie.headers).filter((name) => name.startsWith('x-ratelimit'))).toEqual([]);
    const image = await get(`${proxy().url}/t/p/original${json(movie).poster_path}`);
    expect(imageOf(image)).toEqual(AN_IMAGE);
  });

  it('an error is an object with success false and a status_message, which is what it looks at', async () => {
    const missing = json(await get(moviePilotUrl(proxy().url, '/movie/99999999', 'k')));
    expect(missing).toMatchObject({ success: false, status_message: expect.any(String) });
  });
});

describe('MoviePilot with a proxy key', () => {
  const proxy = proxyBefore(origin, () => ({ PROXY_KEYS: keysWithOpenImages(HOUSE_KEY) }));

  it('it is sent as api_key, and images need none where the operator says so', async () => {
    const movie = await get(moviePilotUrl(proxy().url, '/movie/550', HOUSE_KEY));
    expect(json(movie)).toMatchObject({ id: 550 });
    const refused = await get(moviePilotUrl(proxy().url, '/movie/550', 'k'));
    expect([refused.status, json(refused).success]).toEqual([401, false]);
    expect(imageOf(await get(`${proxy().url}/t/p/w500${json(movie).poster_path}`))).toEqual(AN_IMAGE);
  });
});

describe('Emby with StrmAssistant: an alternative API and image URL, here the same', () => {
  const embyUrl = `https://api.themoviedb.org/3/movie/550?api_key=${EMBY_KEY}&append_to_response=alternative_titles,releases,images,keywords,trailers&language=de&include_image_language=de,null,en`;

  describe('without proxy keys', () => {
    const proxy = proxyBefore(origin);

    it('details and images come from one host; its own key makes no entry of its own', async () => {
      const movie = await get(strmAssistantUrl(embyUrl, proxy()));
      expect(json(movie)).toMatchObject({ id: 550, images: expect.anything() });
      const image = `https://image.tmdb.org/t/p/original${json(movie).poster_path}`;
      expect(imageOf(await get(image.replace('https://image.tmdb.org', proxy().url)))).toEqual(AN_IMAGE);
      const before = origin().requests.total;
      await get(strmAssistantUrl(embyUrl, { ...proxy(), key: 'f'.repeat(32) }));
      expect(origin().requests.total).toBe(before);
    });
  });

  describe('with proxy keys', () => {
    const HEX_KEY = '5f0c1d2e3a4b5968778695a4b3c2d1e0';
    const proxy = proxyBefore(origin, () => ({ PROXY_KEYS: `emby=${HEX_KEY}` }));

    it('takes a key of 32 hexadecimal digits only, so one of that form is good here too', async () => {
      expect(strmAssistantUrl(embyUrl, { ...proxy(), key: HOUSE_KEY })).toContain(EMBY_KEY);
      const movie = await get(strmAssistantUrl(embyUrl, { ...proxy(), key: HEX_KEY }));
      expect(json(movie)).toMatchObject({ id: 550 });
      expect((await get(strmAssistantUrl(embyUrl, proxy()))).status).toBe(401);
    });
  });
});

describe('Lampa and other browser apps: /3/ and /t/p/ on one host, from a page of another', () => {
  const PAGE = { origin: 'http://lampa.example' };
  const LAMPA_KEY = '4ef0d7355d9ffb5151e987764708ce96';

  describe('without proxy keys', () => {
    const proxy = proxyBefore(origin);
    const api = (path: string) => `${proxy().url}/3/${path}`;
    const image = (path: string) => `${proxy().url}/${path}`;

    it('answers and errors are open to every page, which may read what tells of the cache', async () => {
      for (const path of ['movie/550', 'movie/99999999']) {
        const answer = await get(api(`${path}?api_key=${LAMPA_KEY}&language=ru`), { headers: PAGE });
        expect(answer.headers['access-control-allow-origin'], path).toBe('*');
        const exposed = String(answer.headers['access-control-expose-headers']).toLowerCase();
        for (const name of ['etag', 'age', 'x-cache', 'retry-after']) expect(exposed).toContain(name);
      }
    });

    it('a preflight is answered here, for the fields that were asked for', async () => {
      const before = origin().requests.total;
      const answer = await get(api('movie/550'), {
        method: 'OPTIONS',
        headers: {
          ...PAGE,
          'access-control-request-method': 'GET',
          'access-control-request-headers': 'authorization,content-type',
        },
      });
      expect([answer.status, answer.body.length]).toEqual([204, 0]);
      expect(answer.headers['access-control-allow-headers']).toMatch(/authorization.*content-type/);
      expect(answer.headers['access-control-allow-methods']).toContain('GET');
      expect(origin().requests.total).toBe(before);
    });

    it('slashes doubled by joining, at the start or inside, name the same image', async () => {
      const poster = await posterOf(proxy().url);
      const plain = await get(image(`t/p/w300${poster}`), { headers: PAGE });
      expect([...imageOf(plain), plain.headers['access-control-allow-origin']]).toEqual([...AN_IMAGE, '*']);
      const before = origin().requests.total;
      for (const joined of [`t/p/w300/${poster}`, `/t/p/w300${poster}`, `/t//p/w300/${poster}`])
        expect((await get(image(joined))).body.equals(plain.body), joined).toBe(true);
      expect(origin().requests.total).toBe(before);
    });

    it('a file that is not there (null, an .svg asked for as .png) is a 404 and not asked for again', async () => {
      for (const path of ['t/p/w300/null', 't/p/w500/nothing.png']) {
        const [first, second] = [await get(image(path)), await get(image(path))];
        expect([first.status, second.status], path).toEqual([404, 404]);
        expect(first.body.toString(), path).not.toContain('<html');
        expect(origin().requests.countOf(`/${path}`), path).toBe(1);
      }
    });

    it('the setting that writes the whole address behind ours is told what to write instead', async () => {
      const answer = await get(`${proxy().url}/https://api.themoviedb.org/3/movie/550`);
      expect([answer.status, answer.body.toString().includes('/3')]).toEqual([404, true]);
    });
  });

  describe('with proxy keys', () => {
    const proxy = proxyBefore(origin, () => ({ PROXY_KEYS: keysWithOpenImages(HOUSE_KEY) }));

    it('a page with the key reads answers, one without reads the refusal, and <img> needs none', async () => {
      const poster = await posterOf(proxy().url, `?api_key=${HOUSE_KEY}`);
      const refused = await get(`${proxy().url}/3/movie/550?api_key=${LAMPA_KEY}`, { headers: PAGE });
      expect([refused.status, json(refused).status_code]).toEqual([401, 7]);
      expect(refused.headers['access-control-allow-origin']).toBe('*');
      expect(imageOf(await get(`${proxy().url}/t/p/w300${poster}`, { headers: PAGE }))).toEqual(AN_IMAGE);
    });

    it('preflights carry no key and need none', async () => {
      const headers = { ...PAGE, 'access-control-request-method': 'GET' };
      expect((await get(`${proxy().url}/3/movie/550`, { method: 'OPTIONS', headers })).status).toBe(204);
    });
  });
});

describe('TMDbLib (Jellyfin and others): images by what /3/configuration says', () => {
  interface Images {
    readonly base_url: string;
    readonly secure_base_url: string;
  }
  /** PUBLIC_URL must name the port, so the port must be known before. */
  const publicly = async (env: Record<string, string> = {}) => {
    const port = await freePort();
    return { PORT: String(port), PUBLIC_URL: `http://127.0.0.1:${port}`, ...env };
  };
  /** `GetConfigAsync`, then `GetImageBytes`: base URL, size and path joined, and no key. */
  async function imageBytes(url: string, key: string): Promise<Got> {
    const configuration = await get(`${url}/3/configuration?api_key=${key}`);
    const { base_url } = json(configuration).images as Images;
    const movie = json(await get(`${url}/3/movie/550?api_key=${key}`));
    return get(`${base_url}w500${movie.poster_path}`);
  }

  describe('with PUBLIC_URL', () => {
    const proxy = proxyBefore(origin, publicly);

    it('one host is enough', async () => {
      const before = origin().requests.countOf('/t/p/w500');
      expect(imageOf(await imageBytes(proxy().url, 'k'))).toEqual(AN_IMAGE);
      expect(origin().requests.countOf('/t/p/w500')).toBe(before + 1);
    });
  });

  describe('without PUBLIC_URL', () => {
    const proxy = proxyBefore(origin);

    it("the images stay TMDB's", async () => {
      const { images } = json(await get(`${proxy().url}/3/configuration`)) as { images: Images };
      expect(images.base_url).toBe('http://image.tmdb.org/t/p/');
    });
  });

  describe('with a proxy key', () => {
    const proxy = proxyBefore(origin, () => publicly({ PROXY_KEYS: keysWithOpenImages(HOUSE_KEY) }));

    it('it asks with it for everything but images', async () => {
      expect(imageOf(await imageBytes(proxy().url, HOUSE_KEY))).toEqual(AN_IMAGE);
      expect((await get(`${proxy().url}/3/configuration?api_key=k`)).status).toBe(401);
    });
  });
});
