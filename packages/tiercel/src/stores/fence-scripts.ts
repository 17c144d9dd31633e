import { defineScript, type Script } from '../client/script.ts'

/**
 * Scripts of fences and tags; formats in `codecs/fence.ts` and `codecs/tag-token.ts`. A counter counts the bumps of all tags of a namespace; one
 * that was lost starts from the time in µs, so it never falls back. All keys of a call are of one slot.
 */
const count = `
local function count(counter)
  if not tonumber(redis.call('GET', counter) or '') then
    local time = redis.call('TIME')
    redis.call('SET', counter, string.format('%.0f', time[1] * 1000000 + time[2]))
  end
  return redis.call('INCR', counter)
end`

const items = `
local function items(content, owner, nowMs)
  local found, mine, latest = {}, false, 0
  for from = 3, #content - 24, 25 do
    local token, deadline = string.sub(content, from, from + 11), tonumber(string.sub(content, from + 12, from + 24))
    if token == owner then
      mine = true
    elseif deadline and deadline > nowMs then
      found[#found + 1] = string.sub(content, from, from + 24)
      latest = math.max(latest, deadline)
    end
  end
  return found, mine, latest
end`

const now = `
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)`

/**
 * Puts an item into fences, or takes it out and deletes what is then no fence any more.
 *
 * KEYS     the keys; last their counter, when they are tags
 * ARGV[1]  'open', 'close' or 'renew': opens again; nobody's place any more where the item has gone
 * ARGV[2]  owner, 12 bytes; empty for nobody's close
 * ARGV[3]  open, renew: how long the item stands, ms; close: hold-off, ms, 0 for none
 * ARGV[4]  close: a value for the place of the fence, or empty
 * ARGV[5]  life of that value, or of the fence of a tag, ms
 * ARGV[6]  '1' when the keys are tags
 * returns  per key: 0 a fence stands, 1 nothing is there, 2 the value is
 */
export const fenceScript: Script = defineScript({
  name: 'fence',
  lua: `${count}${items}${now}
local op, owner, forMs, isTag = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[6] == '1'
local last = isTag and #KEYS - 1 or #KEYS
local nobody = string.rep('\\0', 12)
local outcomes = {}
for at = 1, last do
  local key = KEYS[at]
  local contended, found, mine, latest = '0', {}, false, 0
  if redis.pcall('GETRANGE', key, 0, 0) == 'F' then
    local content = redis.call('GET', key)
    contended = string.sub(content, 2, 2)
    found, mine, latest = items(content, owner, nowMs)
  end
  local added = op ~= 'close' and owner or forMs > 0 and nobody
  if #found > 0 or added == nobody or op == 'renew' and not mine then contended = '1' end
  if added then
    latest = math.max(latest, nowMs + forMs)
    found[#found + 1] = added .. string.format('%013.0f', nowMs + forMs)
    if #found > 64 then found = { nobody .. string.format('%013.0f', latest) } end
  end
  if #found > 0 then
    redis.call('SET', key, 'F' .. contended .. table.concat(found), 'PX', isTag and ARGV[5] or math.max(latest - nowMs, 1))
    outcomes[at] = 0
  elseif ARGV[4] ~= '' and mine and contended ~= '1' then
    redis.call('SET', key, ARGV[4], 'PX', ARGV[5])
    outcomes[at] = 2
  else
    redis.call('UNLINK', key)
    if isTag then count(KEYS[#KEYS]) end
    outcomes[at] = 1
  end
end
return outcomes`,
})

/**
 * What tags hold before a load; those that hold nothing are given tokens. A dead fence is taken away and counted: what was loaded before
 * it must not be accepted under the new token. What is written is read once more: a server that watches what was read stops at a write.
 *
 * KEYS     the counter; tags
 * ARGV     per tag: its life in ms or empty for ever, 24 bytes for new tokens
 * returns  the counter as it was found, then per tag its content, or 'F' while a fence stands
 */
export const snapScript: Script = defineScript({
  name: 'snap',
  lua: `${count}${items}${now}
local counter = KEYS[1]
local number = tonumber(redis.call('GET', counter) or '')
if not number then number = count(counter) end
local reply = { string.format('%.0f', number) }
for at = 2, #KEYS do
  local key, life, tokens = KEYS[at], ARGV[at * 2 - 3], ARGV[at * 2 - 2]
  local content = redis.pcall('GET', key)
  if type(content) ~= 'string' then content = '' end
  local kind = string.sub(content, 1, 1)
  if kind == 'F' and #items(content, '', nowMs) > 0 then
    reply[at] = 'F'
  else
    if kind ~= 'T' or #content ~= 41 then
      if kind == 'F' then number = count(counter) end
      content = 'T' .. tokens .. string.format('%016.0f', number)
      redis.call('SET', key, content)
      if life ~= '' then redis.call('PEXPIRE', key, life) end
      redis.call('GET', key)
    elseif life ~= '' then
      local left = redis.call('PTTL', key)
      if left >= 0 and left < life / 2 then
        redis.call('PEXPIRE', key, life)
        redis.call('GET', key)
      end
    end
    reply[at] = content
  end
end
return reply`,
})

/**
 * Gives tags a new soft half, which makes all that carries them stale. One that is not there is counted all the same, for what is being
 * loaded and will carry it; under a fence its end does that.
 *
 * KEYS     tags; last their counter
 * ARGV     per tag: 12 bytes
 */
export const ageTagsScript: Script = defineScript({
  name: 'age-tags',
  lua: `${count}
for at = 1, #KEYS - 1 do
  local kind = redis.pcall('GETRANGE', KEYS[at], 0, 0)
  if kind == 'T' then
    redis.call('SETRANGE', KEYS[at], 13, ARGV[at] .. string.format('%016.0f', count(KEYS[#KEYS])))
  elseif kind ~= 'F' then
    redis.call('UNLINK', KEYS[at])
    count(KEYS[#KEYS])
  end
end
return 1`,
})
