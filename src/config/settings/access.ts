import { endpoints } from '../addresses.js';
import { anySecret, headerSecret, text } from '../kinds.js';
import { optional } from '../setting.js';

export const ACCESS_SETTINGS = {
  ADMIN_API_KEY: optional({
    kind: headerSecret,
    aliases: ['API_KEY'],
    whenUnset: 'management answers on the loopback interface only',
    secret: 'all',
    reloadable: true,
    meaning: 'Key for management, sent as `X-API-Key` or `Authorization: Bearer`.',
  }),
  PROXY_KEYS: optional({
    kind: anySecret,
    whenUnset: 'open to every client',
    secret: 'all',
    reloadable: true,
    meaning:
      'Keys for clients, each of a tenant: `tenant=key`, separated by commas or lines; or the text of a keys file.',
  }),
  PROXY_KEYS_FILE: optional({
    kind: text('a path', /^[^\0]+$/),
    whenUnset: 'no file',
    meaning: 'File of keys for clients, followed as it changes.',
  }),
  PEER_PROXIES: optional({
    kind: endpoints({ credentials: true, example: 'https://eu.example.org:6635' }),
    whenUnset: 'none',
    secret: 'login',
    meaning: 'Proxies of other regions, or older ones, that receive purges too.',
  }),
};
