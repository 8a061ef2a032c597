/**
 * `server()` in Lua: the run_id of the server that runs the script. Another one (restart, failover) may have older data. 'unknown' under an
 * ACL without INFO: then such a loss is not seen.
 */
export const RUN_ID = `
local function server()
  local info = redis.pcall('INFO', 'server')
  if type(info) ~= 'string' then return 'unknown' end
  return string.match(info, 'run_id:(%w+)') or 'unknown'
end
`;
