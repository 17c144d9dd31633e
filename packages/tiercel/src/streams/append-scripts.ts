import { defineScript, type Script } from '../client/script.ts'

/**
 * A sequence is the server's time in µs, or one more than the last: it grows also when the clock goes back, and when its key was lost, and is a safe integer
 * until the year 2255. Sizes are those of keys and bodies.
 */
const append = `
local function number(sequence) return string.format('%.0f', sequence) end
local function sequenceAfter(meta)
  local time = redis.call('TIME')
  local sequence = math.max((tonumber(redis.call('HGET', meta, 'last') or '') or 0) + 1, time[1] * 1000000 + time[2])
  redis.call('HSET', meta, 'last', number(sequence))
  return sequence
end
local function append(stream, meta, pending, key, body)
  local sequence = sequenceAfter(meta)
  redis.call('XADD', stream, number(sequence) .. '-0', 'k', key, 'b', body)
  if pending then redis.call('HSET', pending, key, number(sequence)) end
  return sequence
end`

/**
 * Appends records in their order. The first one that finds the partition full is refused, and all after it: none overtakes another.
 *
 * KEYS     stream, meta, pending
 * ARGV[1]  last instant at which it may be done (Unix time in ms, server's clock)
 * ARGV[2]  '1' when the newest record of each key is to be found by its key
 * ARGV[3]  most records, ARGV[4] most bytes
 * ARGV     then per record: key, body
 * returns  per record its sequence, or '0' refused; -1 too late
 */
export const appendScript: Script = defineScript({
  name: 'append',
  lua: `${append}
local time = redis.call('TIME')
if time[1] * 1000 + time[2] / 1000 > tonumber(ARGV[1]) then return -1 end
local stream, meta, pending = KEYS[1], KEYS[2], ARGV[2] == '1' and KEYS[3]
local count = redis.call('XLEN', stream)
local bytes = count > 0 and math.max(tonumber(redis.call('HGET', meta, 'bytes') or '') or 0, 0) or 0
local mostRecords, mostBytes = tonumber(ARGV[3]), tonumber(ARGV[4])
local reply, appended = {}, 0
for at = 5, #ARGV, 2 do
  local size = #ARGV[at] + #ARGV[at + 1]
  if count + 1 > mostRecords or bytes + size > mostBytes then
    for refused = at, #ARGV, 2 do reply[#reply + 1] = '0' end
    break
  end
  reply[#reply + 1] = number(append(stream, meta, pending, ARGV[at], ARGV[at + 1]))
  count, bytes, appended = count + 1, bytes + size, appended + 1
end
if appended > 0 then
  redis.call('HSET', meta, 'bytes', number(bytes))
  redis.call('HINCRBY', meta, 'appended', appended)
end
return reply`,
})

/**
 * KEYS     stream, pending
 * ARGV[1]  key
 * returns  sequence and body of the key's newest record, or nil
 */
export const pendingScript: Script = defineScript({
  name: 'pending',
  lua: `
local sequence = redis.call('HGET', KEYS[2], ARGV[1])
if not sequence then return false end
local entry = redis.call('XRANGE', KEYS[1], sequence .. '-0', sequence .. '-0')[1]
if not entry then return false end
return { sequence, entry[2][4] }`,
})

/**
 * A sequence for what is done past the log, and takes its place among its records by it.
 *
 * KEYS[1]  meta
 * returns  the sequence
 */
export const reserveScript: Script = defineScript({
  name: 'reserve',
  lua: `${append}
return number(sequenceAfter(KEYS[1]))`,
})

/**
 * Takes a key out of the index when what it has there is older: something newer is done.
 *
 * KEYS[1]  pending
 * ARGV     key, sequence
 */
export const supersedeScript: Script = defineScript({
  name: 'supersede',
  lua: `
local found = tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '')
if found and found < tonumber(ARGV[2]) then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1`,
})

/**
 * Appends a dead letter again, whatever the limits say, as the newest record of its key.
 *
 * KEYS     stream, meta, pending, dead
 * ARGV[1]  id of the letter, ARGV[2] as \`append\`
 * returns  its new sequence and its key, or nil: there is no such letter any more
 */
export const replayScript: Script = defineScript({
  name: 'replay',
  lua: `${append}
local entry = redis.call('XRANGE', KEYS[4], ARGV[1], ARGV[1])[1]
if not entry then return false end
local key, body = entry[2][2], entry[2][4]
local sequence = append(KEYS[1], KEYS[2], ARGV[2] == '1' and KEYS[3], key, body)
redis.call('HINCRBY', KEYS[2], 'bytes', #key + #body)
redis.call('HINCRBY', KEYS[2], 'appended', 1)
redis.call('XDEL', KEYS[4], ARGV[1])
return { number(sequence), key }`,
})

/**
 * KEYS[1]  dead
 * ARGV[1]  id of the letter
 * returns  its key, or nil: there is no such letter any more
 */
export const dropScript: Script = defineScript({
  name: 'drop',
  lua: `
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not entry then return false end
redis.call('XDEL', KEYS[1], ARGV[1])
return entry[2][2]`,
})

/**
 * KEYS[1]  dead
 * ARGV     id of a letter or '-'; how many, at most
 * returns  those after it, per letter: id, key, body, sequence, tries, what was wrong
 */
export const lettersScript: Script = defineScript({
  name: 'letters',
  lua: `
local reply = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[1], ARGV[1] == '-' and '-' or '(' .. ARGV[1], '+', 'COUNT', ARGV[2])) do
  local fields = entry[2]
  reply[#reply + 1] = { entry[1], fields[2], fields[4], fields[6], fields[8], fields[10] }
end
return reply`,
})

/**
 * KEYS     stream, meta, dead
 * returns  records, bytes, age of the oldest in µs, appended, settled, retried, died, letters
 */
export const inspectScript: Script = defineScript({
  name: 'inspect',
  lua: `
local count = redis.call('XLEN', KEYS[1])
local oldest = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
local time, ageUs = redis.call('TIME'), 0
if oldest then ageUs = time[1] * 1000000 + time[2] - tonumber(string.match(oldest[1], '%d+')) end
local fields = redis.call('HMGET', KEYS[2], 'bytes', 'appended', 'settled', 'retried', 'died')
local function at(index) return tonumber(fields[index] or '') or 0 end
return { count, count > 0 and math.max(at(1), 0) or 0, math.max(ageUs, 0), at(2), at(3), at(4), at(5), redis.call('XLEN', KEYS[3]) }`,
})
