import { defineScript, type Script } from '../client/script.ts'

/**
 * What the store runs inside the server. Constant texts; each works on one key, which is of any type: one of another type than bytes counts
 * as something else than what was expected, and is never changed by a swap.
 */

/**
 * KEYS[1]  the entry
 * ARGV     first bytes that are expected (not empty), new value or empty for none, its life in ms
 * returns  1 done, 0 not: something else is there, or nothing
 */
export const swapOver: Script = defineScript({
  name: 'swap-over',
  lua: `
local found = redis.pcall('GETRANGE', KEYS[1], 0, #ARGV[1] - 1)
if type(found) ~= 'string' or found ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return 1`,
})

/**
 * KEYS[1]  the entry
 * ARGV     value, its life in ms, last instant at which it may be stored (Unix time in ms, server's clock)
 * returns  1 stored, 0 a fence is there, -1 too late
 */
export const putUnlessFenced: Script = defineScript({
  name: 'put',
  lua: `
local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[3]) then return -1 end
if redis.pcall('GETRANGE', KEYS[1], 0, 0) == 'F' then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1`,
})

/**
 * Under a fence, somebody else has changed the source as well: its `contended` flag is set.
 *
 * KEYS[1]  the entry
 * ARGV     offset, bytes
 * returns  1 written into a value, 0 there was none
 */
export const overwriteValue: Script = defineScript({
  name: 'overwrite',
  lua: `
local kind = redis.pcall('GETRANGE', KEYS[1], 0, 0)
if kind == 'V' then
  redis.call('SETRANGE', KEYS[1], ARGV[1], ARGV[2])
  return 1
end
if kind == 'F' then redis.call('SETRANGE', KEYS[1], 1, '1')
else redis.call('DEL', KEYS[1]) end
return 0`,
})
