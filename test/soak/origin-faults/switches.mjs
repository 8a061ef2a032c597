// Loaded into the proxy before anything else (--import): what SWITCHES says is read from a file that the test writes.
// What was read is written beside it, so that the test knows.
// `{"clockMs": n}` sets the wall clock by n, as an operator or NTP would; `{"dns": false}` takes the names of hosts away.
import dns from 'node:dns';
import { readFileSync, watch, writeFileSync } from 'node:fs';

let switches = {};
const read = () => {
  try {
    const text = readFileSync(process.env.SWITCHES, 'utf8');
    switches = JSON.parse(text);
    writeFileSync(`${process.env.SWITCHES}.seen`, text);
  } catch {
    // It is being written.
  }
};
read();
watch(process.env.SWITCHES, { persistent: false }, read);

const systemNow = Date.now;
Date.now = () => systemNow() + (switches.clockMs ?? 0);

const { lookup } = dns;
dns.lookup = (name, options, callback) => {
  const answer = typeof options === 'function' ? options : callback;
  if (switches.dns === false) {
    const error = Object.assign(new Error(`getaddrinfo ENOTFOUND ${name}`), { code: 'ENOTFOUND' });
    process.nextTick(answer, error);
    return;
  }
  lookup(name.endsWith('.test') ? 'localhost' : name, options, callback);
};
