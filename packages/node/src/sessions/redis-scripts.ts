/** What is done to sessions in one go. */
export type Operation = 'create' | 'replace' | 'end' | 'endBySid' | 'endBySub' | 'sweep'

/** How long what belongs to a session outlives it, in seconds, so that whoever clears away finds all of it. */
const graceSeconds = 60
/** Most that are cleared away in one go: nobody else is served meanwhile. */
const mostAtOnce = 500
/** About how many ends are kept for processes that have not read them yet. */
const mostEnds = 10_000

/**
 * Every script is called with the log as its one key; then come the prefix, who calls, and the time in UTC seconds. Names of keys:
 * `session:KEY` a hash, `sid:…` and `sub:…` sets of keys, `ended-sid:…` and `ended-sub:…` what is remembered, `expiry` keys by time,
 * `jti:…`, and `ended`, a stream of what has ended.
 */
const common = `
  local log, prefix, us, now = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
  local expiry = prefix .. 'expiry'
  local function sessionOf(key) return prefix .. 'session:' .. key end

  local function isLive(key)
    local expires = redis.call('HGET', sessionOf(key), 'expires')
    return expires and tonumber(expires) > now
  end

  -- Keeps a set at least as long as a session that is in it.
  local function keep(set, expires)
    if redis.call('TTL', set) < expires - now then redis.call('EXPIREAT', set, expires) end
  end

  local function write(key, session, expires)
    local last = expires + ${graceSeconds}
    redis.call('HSET', sessionOf(key), 'session', session, 'expires', expires)
    redis.call('EXPIREAT', sessionOf(key), last)
    redis.call('ZADD', expiry, expires, key)
    local names = redis.call('HMGET', sessionOf(key), 'sid', 'sub')
    keep(prefix .. 'sid:' .. names[1], last)
    keep(prefix .. 'sub:' .. names[2], last)
  end

  local function remove(keys, by)
    for _, key in ipairs(keys) do
      local names = redis.call('HMGET', sessionOf(key), 'sid', 'sub')
      if names[1] then
        redis.call('SREM', prefix .. 'sid:' .. names[1], key)
        redis.call('SREM', prefix .. 'sub:' .. names[2], key)
      end
      redis.call('DEL', sessionOf(key))
      redis.call('ZREM', expiry, key)
    end
    if #keys > 0 then
      redis.call('XADD', log, 'MAXLEN', '~', ${mostEnds}, '*', 'origin', us, 'keys', cjson.encode(keys), 'by', by)
      redis.call('EXPIRE', log, 3600)
      redis.call('PUBLISH', log, by)
    end
    return keys
  end
`

/** The text of each script (Lua), with what it takes after the common arguments. */
export const scripts: Readonly<Record<Operation, string>> = {
  /** key, sid, sub, session, began, expires */
  create: `${common}
    local key, sid, sub, session, began, expires = unpack(ARGV, 4)
    if redis.call('EXISTS', prefix .. 'ended-sid:' .. sid) == 1 then return 0 end
    local endedAt = redis.call('GET', prefix .. 'ended-sub:' .. sub)
    if endedAt and tonumber(endedAt) >= tonumber(began) then return 0 end
    redis.call('HSET', sessionOf(key), 'sid', sid, 'sub', sub, 'began', began)
    redis.call('SADD', prefix .. 'sid:' .. sid, key)
    redis.call('SADD', prefix .. 'sub:' .. sub, key)
    write(key, session, tonumber(expires))
    return 1`,

  /** key, session, expires */
  replace: `${common}
    local key, session, expires = unpack(ARGV, 4)
    if not isLive(key) then return 0 end
    write(key, session, tonumber(expires))
    return 1`,

  /** by, key */
  end: `${common}
    local by, key = unpack(ARGV, 4)
    return remove(isLive(key) and { key } or {}, by)`,

  /** by, sid, how long it is remembered in seconds */
  endBySid: `${common}
    local by, sid, seconds = unpack(ARGV, 4)
    if tonumber(seconds) > 0 then redis.call('SET', prefix .. 'ended-sid:' .. sid, '1', 'EX', seconds) end
    local live = {}
    for _, key in ipairs(redis.call('SMEMBERS', prefix .. 'sid:' .. sid)) do
      if isLive(key) then table.insert(live, key) end
    end
    return remove(live, by)`,

  /** by, sub, endedAt, how long it is remembered in seconds */
  endBySub: `${common}
    local by, sub, endedAt, seconds = unpack(ARGV, 4)
    local mark = prefix .. 'ended-sub:' .. sub
    local latest = math.max(tonumber(redis.call('GET', mark) or 0), tonumber(endedAt))
    redis.call('SET', mark, string.format('%.0f', latest), 'EX', seconds)
    local live = {}
    for _, key in ipairs(redis.call('SMEMBERS', prefix .. 'sub:' .. sub)) do
      local began = redis.call('HGET', sessionOf(key), 'began')
      if isLive(key) and tonumber(began) <= tonumber(endedAt) then table.insert(live, key) end
    end
    return remove(live, by)`,

  sweep: `${common}
    return remove(redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, ${mostAtOnce}), 'expired')`
}
