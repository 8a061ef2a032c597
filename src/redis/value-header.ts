/*
 * The beginning of every entry in Redis, known to the tier that writes it and to the scripts that compare fences:
 *
 *    0  4  magic "TCPR"
 *    4  1  version
 *    5  3  zero
 *    8  8  float64, little-endian: fence it was written under; 0 without one
 *   16 16  the tier's own (tiers/redis-value.ts)
 */

export const VALUE_MAGIC = 'TCPR';
export const VALUE_VERSION = 1;
export const VALUE_HEADER_BYTES = 32;
export const FENCE_OFFSET = 8;

/**
 * Lua: the fence in the value under a key, 0 when there is none or it is no number a lease can have given: a damaged header
 * must not keep everybody out until its end.
 */
export const STORED_FENCE = `
local function stored_fence(key)
  local head = redis.call('GETRANGE', key, 0, ${VALUE_HEADER_BYTES - 1})
  if #head < ${VALUE_HEADER_BYTES} or string.sub(head, 1, 4) ~= '${VALUE_MAGIC}' then return 0 end
  if string.byte(head, 5) ~= ${VALUE_VERSION} then return 0 end
  local fence = struct.unpack('<d', string.sub(head, ${FENCE_OFFSET + 1}, ${FENCE_OFFSET + 8}))
  if fence > 0 and fence < 9007199254740991 then return fence end
  return 0
end
`;
