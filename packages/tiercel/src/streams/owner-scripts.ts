import { defineScript, type Script } from '../client/script.ts'

/**
 * What the one owner of a partition does. Each claim has a token that no other ever had, nor will: one more than the last, or the time in µs where the last was
 * lost. Whoever settles shows it: the newest token is the owner's, whether or not its lease is over, and all others are told that they have lost the partition.
 *
 * They run on a server that is full as well: what they do is what empties it.
 */
const allowOom = '#!lua flags=allow-oom'

const check = `
local function isOwner(meta, token) return redis.call('HGET', meta, 'token') == token end`

const now = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * KEYS     meta, tries
 * ARGV     worker, lease in ms
 * returns  token, then what has been tried (sequence, text, …); nil: somebody else's lease runs
 */
export const claimScript: Script = defineScript({
  name: 'claim-partition',
  lua: `${allowOom}${now}
local fields = redis.call('HMGET', KEYS[1], 'owner', 'until', 'token')
if fields[1] and fields[1] ~= ARGV[1] and (tonumber(fields[2] or '') or 0) > nowMs then return false end
local token = string.format('%.0f', math.max((tonumber(fields[3] or '') or 0) + 1, time[1] * 1000000 + time[2]))
redis.call('HSET', KEYS[1], 'token', token, 'owner', ARGV[1], 'until', string.format('%.0f', nowMs + ARGV[2]))
local reply = redis.call('HGETALL', KEYS[2])
table.insert(reply, 1, token)
return reply`,
})

/**
 * KEYS[1]  meta
 * ARGV     token, lease in ms; 0 gives the partition up
 * returns  1 done, 0 lost
 */
export const renewScript: Script = defineScript({
  name: 'renew-partition',
  lua: `${allowOom}${check}${now}
if not isOwner(KEYS[1], ARGV[1]) then return 0 end
if ARGV[2] == '0' then redis.call('HDEL', KEYS[1], 'owner', 'until')
else redis.call('HSET', KEYS[1], 'until', string.format('%.0f', nowMs + ARGV[2])) end
return 1`,
})

/**
 * KEYS     meta, stream
 * ARGV     token, last sequence that was read or '0', most records, most bytes
 * returns  per record: sequence, key, body, up to the one that makes it too many bytes; -1 lost
 */
export const readScript: Script = defineScript({
  name: 'read-partition',
  lua: `${allowOom}${check}
if not isOwner(KEYS[1], ARGV[1]) then return -1 end
local reply, bytes = {}, 0
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '(' .. ARGV[2] .. '-0', '+', 'COUNT', ARGV[3])) do
  local fields = entry[2]
  reply[#reply + 1] = string.match(entry[1], '%d+')
  reply[#reply + 1] = fields[2]
  reply[#reply + 1] = fields[4]
  bytes = bytes + #fields[4]
  if bytes > tonumber(ARGV[4]) then break end
end
return reply`,
})

/**
 * What became of records. What is settled or dead is gone from the stream, and from the index where nothing newer of its key is. Does no harm when it is
 * executed twice: a record that is not there is left out.
 *
 * KEYS     meta, stream, pending, tries, dead
 * ARGV[1]  token
 * ARGV     then per record: what ('done', 'failed', 'dead', 'over'), sequence, tries and since when (text) or '', what was wrong or ''
 * returns  1 done, 0 lost
 */
export const settleScript: Script = defineScript({
  name: 'settle',
  lua: `${allowOom}${check}
local meta, stream, pending, tries, dead = unpack(KEYS)
if not isOwner(meta, ARGV[1]) then return 0 end
local settled, retried, died, bytes = 0, 0, 0, 0
for at = 2, #ARGV, 4 do
  local what, sequence, tried, problem = ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]
  local id = sequence .. '-0'
  local entry = what ~= 'over' and redis.call('XRANGE', stream, id, id)[1]
  if what == 'over' then
    redis.call('HDEL', tries, sequence)
  elseif entry and what == 'failed' then
    redis.call('HSET', tries, sequence, tried)
    retried = retried + 1
  elseif entry then
    local key, body = entry[2][2], entry[2][4]
    redis.call('XDEL', stream, id)
    bytes = bytes + #key + #body
    if what == 'dead' then
      local letter = redis.call('XADD', dead, '*', 'k', key, 'b', body, 's', sequence, 't', tried, 'e', problem)
      redis.call('HSET', tries, sequence, 'dead ' .. letter)
      died = died + 1
    else
      redis.call('HDEL', tries, sequence)
      settled = settled + 1
    end
    if redis.call('HGET', pending, key) == sequence then redis.call('HDEL', pending, key) end
  end
end
if settled > 0 then redis.call('HINCRBY', meta, 'settled', settled) end
if retried > 0 then redis.call('HINCRBY', meta, 'retried', retried) end
if died > 0 then redis.call('HINCRBY', meta, 'died', died) end
if redis.call('XLEN', stream) == 0 then redis.call('HSET', meta, 'bytes', '0')
elseif bytes > 0 then redis.call('HINCRBY', meta, 'bytes', string.format('%.0f', -bytes)) end
return 1`,
})

/**
 * Announces a worker, and forgets those that were not heard of for so long.
 *
 * KEYS[1]  workers
 * ARGV     worker, how long one counts as there, in ms; 0 says good-bye
 * returns  those that are there
 */
export const announceScript: Script = defineScript({
  name: 'announce',
  lua: `${allowOom}${now}
if ARGV[2] == '0' then
  redis.call('ZREM', KEYS[1], ARGV[1])
else
  redis.call('ZADD', KEYS[1], string.format('%.0f', nowMs), ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', nowMs - ARGV[2]))
end
return redis.call('ZRANGE', KEYS[1], 0, -1)`,
})

/**
 * KEYS[1]  dead
 * ARGV[1]  id of a letter
 * returns  its key, body and sequence, or nil
 */
export const letterScript: Script = defineScript({
  name: 'letter',
  lua: `
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return false end
return { entry[2][2], entry[2][4], entry[2][6] }`,
})
