import type { Lie } from './liar.js';

const text = (told: string): Lie => {
  const bytes = Buffer.from(told, 'latin1');
  return () => bytes;
};
const list = (...items: string[]): Lie => text(`*${items.length}\r\n${items.join('')}`);
const word = '$3\r\nabc\r\n';
const nothing = '$-1\r\n';

/** What a server, or a proxy before it that is broken, may send in place of a reply. `random`: 0 to 1. */
export function liesOf(random: () => number): Readonly<Record<string, Lie>> {
  let before = Buffer.from('+OK\r\n');
  return {
    null: text(nothing),
    'null list': text('*-1\r\n'),
    one: text(':1\r\n'),
    'less than anything': text(':-9007199254740993\r\n'),
    'more than anything': text(':99999999999999999999999\r\n'),
    OK: text('+OK\r\n'),
    'empty text': text('$0\r\n\r\n'),
    word: text(word),
    'empty list': list(),
    'list of null': list(nothing),
    'list of nulls': list(nothing, nothing, nothing, nothing, nothing),
    'list of words': list(word, word, word, word),
    'pair of words': list(word, word),
    'list of ones': list(...Array.from({ length: 10 }, () => ':1\r\n')),
    'pages without end': list(...Array.from({ length: 6 }, () => '$1\r\n1\r\n')),
    'pair of null and more': list(nothing, ':99999999999999\r\n'),
    'lists in a list': list('*2\r\n$1\r\na\r\n*1\r\n:1\r\n', '*0\r\n'),
    'deep lists': text(`${'*1\r\n'.repeat(50_000)}:1\r\n`),
    'MOVED to a dead end': text('-MOVED 1 127.0.0.1:1\r\n'),
    'MOVED nowhere': text('-MOVED\r\n'),
    'ASK a dead end': text('-ASK 1 127.0.0.1:1\r\n'),
    LOADING: text('-LOADING Redis is loading the dataset in memory\r\n'),
    READONLY: text("-READONLY You can't write against a read only replica.\r\n"),
    NOSCRIPT: text('-NOSCRIPT No matching script.\r\n'),
    NOAUTH: text('-NOAUTH Authentication required.\r\n'),
    'error without a word': text('-\r\n'),
    'text of 10 TB': text('$9999999999999\r\nabc'),
    'text of -5': text('$-5\r\n'),
    'list of -5': text('*-5\r\n'),
    'list of 4 G': text('*4294967295\r\n'),
    'list of 8 G': text('*8589934592\r\n'),
    'length of no number': text('$*\r\n'),
    'RESP3 push': text('>2\r\n$-1\r\n$-1\r\n'),
    'RESP3 map': text('%1\r\n$-1\r\n$-1\r\n'),
    HTTP: text('HTTP/1.1 400 Bad Request\r\n\r\n'),
    twice: (reply) => Buffer.concat([reply, reply]),
    'no reply': text(''),
    'the reply before': (reply) => {
      const told = before;
      before = Buffer.from(reply);
      return told;
    },
    'half a reply': (reply) => reply.subarray(0, reply.length >> 1),
    'a bit of it': (reply) => {
      const told = Buffer.from(reply);
      told[Math.floor(random() * told.length)]! ^= 1 << Math.floor(random() * 8);
      return told;
    },
    'end of the connection': () => 'hang up',
  };
}
