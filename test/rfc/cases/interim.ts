import type { Case } from '../exchange.js';

const FRESH = { 'Cache-Control': 'max-age=60' };
const HINT = { Link: '</a.css>; rel=preload; as=style', 'X-Hint': 'yes' };
const hint = { status: 103, fields: HINT };

export const INTERIM: readonly Case[] = [
  {
    name: '15.2, RFC 8297: a 103 reaches the client of a miss with all its fields, and a hit has none',
    steps: [
      {
        answer: { interim: [hint], fields: FRESH },
        interim: [{ status: 103, has: { Link: HINT.Link, 'X-Hint': 'yes' } }],
      },
      { has: { 'X-Hint': undefined, Link: undefined } },
    ],
  },
  {
    name: '15.2: a 102 reaches the client of a miss',
    steps: [
      {
        answer: { interim: [{ status: 102, fields: {} }], fields: FRESH },
        interim: [{ status: 102, has: {} }],
      },
      {},
    ],
  },
  {
    name: '15.2: a 102 keeps its fields',
    steps: [
      {
        answer: { interim: [{ status: 102, fields: { 'X-Progress': '1/2' } }] },
        interim: [{ status: 102, has: { 'X-Progress': '1/2' } }],
      },
    ],
  },
  {
    name: '15.2: a 103 without Link is forwarded too',
    steps: [
      {
        answer: { interim: [{ status: 103, fields: { 'X-Hint': 'yes' } }] },
        interim: [{ status: 103, has: { 'X-Hint': 'yes' } }],
      },
    ],
  },
  {
    name: '15.2: several interim responses keep their order',
    steps: [
      {
        answer: {
          interim: [
            { status: 102, fields: {} },
            hint,
            { status: 103, fields: { Link: '</b.js>; rel=preload' } },
          ],
        },
        interim: [
          { status: 102, has: {} },
          { status: 103, has: { Link: HINT.Link } },
          { status: 103, has: { Link: '</b.js>; rel=preload' } },
        ],
      },
    ],
  },
  {
    name: '15.2: fields of a 103 are no fields of the final response',
    steps: [
      {
        answer: {
          interim: [{ status: 103, fields: { ...HINT, 'Cache-Control': 'no-store', ETag: '"hint"' } }],
          fields: FRESH,
        },
        interim: [{ status: 103, has: {} }],
        has: { 'X-Hint': undefined, ETag: undefined, 'Cache-Control': 'max-age=60' },
      },
      { has: { ETag: undefined } },
    ],
  },
  {
    name: '15.2: a 103 that looks fresh lets nothing be stored',
    steps: [
      {
        answer: {
          interim: [{ status: 103, fields: { ...HINT, ...FRESH } }],
          fields: { 'Cache-Control': 'no-store' },
        },
        interim: [{ status: 103, has: {} }],
      },
      { answer: {} },
    ],
  },
  {
    name: '15.2, 3.2 of RFC 9111: a 103 before a 304 is forwarded and updates nothing',
    steps: [
      { answer: { fields: { ...FRESH, Age: '100', ETag: '"a"' } } },
      {
        answer: { interim: [hint], status: 304, fields: { ...FRESH, ETag: '"a"' } },
        interim: [{ status: 103, has: { 'X-Hint': 'yes' } }],
        has: { 'X-Hint': undefined },
      },
      { has: { 'X-Hint': undefined } },
    ],
  },
  {
    name: '15.2: a 103 reaches the client of a request that is passed through',
    steps: [
      {
        method: 'POST',
        body: 'x',
        answer: { interim: [hint] },
        interim: [{ status: 103, has: { 'X-Hint': 'yes' } }],
      },
    ],
  },
  {
    name: '7.6.1: connection fields of a 103 stay on their connection',
    steps: [
      {
        answer: {
          interim: [
            {
              status: 103,
              fields: { ...HINT, Connection: 'X-Mine', 'X-Mine': '1', 'Keep-Alive': 'timeout=9' },
            },
          ],
        },
        interim: [{ status: 103, has: { Link: HINT.Link, 'X-Mine': undefined, 'Keep-Alive': undefined } }],
      },
    ],
  },
  {
    // undici gives the connection up; a client need not take part in a misbehaviour it did not ask for.
    name: '15.2: an unasked 100 costs its request a 502, and nothing is kept of it',
    steps: [
      {
        answer: { interim: [{ status: 100, fields: {} }], fields: FRESH },
        status: 502,
        text: /origin_protocol/,
      },
      { answer: { fields: FRESH } },
    ],
  },
  {
    name: '15.2: Set-Cookie of a 103 is of nobody but its client',
    steps: [
      {
        answer: { interim: [{ status: 103, fields: { ...HINT, 'Set-Cookie': 'a=1' } }], fields: FRESH },
        interim: [{ status: 103, has: {} }],
        has: { 'Set-Cookie': undefined },
      },
      { has: { 'Set-Cookie': undefined } },
    ],
  },
];
