/**
 * HTTP-date, RFC 9110 section 5.6.7. Strict: three grammars, GMT only, case-sensitive, one space. `Date.parse` is not
 * used because it accepts other zones, other orders and local time, each of which moves an expiry by hours.
 */
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const MONTH = `(${MONTHS.join('|')})`;
const TIME = '(\\d{2}):(\\d{2}):(\\d{2})';
const SHORT_DAY = '(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)';
const LONG_DAY = '(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)';

/** `Sun, 06 Nov 1994 08:49:37 GMT` */
const IMF_FIXDATE = new RegExp(`^${SHORT_DAY}, (\\d{2}) ${MONTH} (\\d{4}) ${TIME} GMT$`);
/** `Sunday, 06-Nov-94 08:49:37 GMT` */
const RFC850 = new RegExp(`^${LONG_DAY}, (\\d{2})-${MONTH}-(\\d{2}) ${TIME} GMT$`);
/** `Sun Nov  6 08:49:37 1994` */
const ASCTIME = new RegExp(`^${SHORT_DAY} ${MONTH} (\\d{2}| \\d) ${TIME} (\\d{4})$`);

/**
 * The time a date field names, ms since epoch; undefined when it is not an HTTP-date. The name of the day is not
 * compared with the date. `now` (ms) decides the century of the obsolete two-digit year.
 */
export function parseHttpDate(value: string, now: number): number | undefined {
  let m = IMF_FIXDATE.exec(value);
  if (m) return utc(Number(m[3]), m[2]!, Number(m[1]), m[4]!, m[5]!, m[6]!);
  m = RFC850.exec(value);
  if (m) return twoDigitYear(m, now);
  m = ASCTIME.exec(value);
  if (m) return utc(Number(m[6]), m[1]!, Number(m[2]), m[3]!, m[4]!, m[5]!);
  return undefined;
}

/** `at` (ms since epoch) as an IMF-fixdate, the only form that may be sent. */
export function formatHttpDate(at: number): string {
  return new Date(Math.trunc(at / 1000) * 1000).toUTCString();
}

/** The latest year with these two digits that is not more than 50 years ahead. */
function twoDigitYear(m: RegExpExecArray, now: number): number | undefined {
  const current = new Date(now).getUTCFullYear();
  const limit = new Date(now).setUTCFullYear(current + 50);
  for (let century = Math.floor(current / 100) + 1; century >= 0; century--) {
    const at = utc(century * 100 + Number(m[3]), m[2]!, Number(m[1]), m[4]!, m[5]!, m[6]!);
    if (at !== undefined && at <= limit) return at;
  }
  return undefined;
}

function utc(
  year: number,
  month: string,
  day: number,
  h: string,
  min: string,
  s: string,
): number | undefined {
  const date = new Date(0);
  const monthIndex = MONTHS.indexOf(month);
  date.setUTCFullYear(year, monthIndex, day);
  if (date.getUTCMonth() !== monthIndex || date.getUTCDate() !== day) return undefined; // 31 Feb
  // 60 is a leap second (RFC 5322 section 3.3); Date carries it into the next minute.
  if (Number(h) > 23 || Number(min) > 59 || Number(s) > 60) return undefined;
  return date.setUTCHours(Number(h), Number(min), Number(s), 0);
}
