/**
 * A result as JSON that people can read and git can compare: what holds no further lists or objects is one line.
 * @param {object} result @returns {string}
 */
export function resultText(result) {
  const text = JSON.stringify(result, undefined, 1);
  // JSON has no line breaks within strings, so only layout is changed.
  return `${text.replace(/[[{][^[\]{}]*[\]}]/g, (part) => part.replace(/\s*\n\s*/g, ' '))}\n`;
}
