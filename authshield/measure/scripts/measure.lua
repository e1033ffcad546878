-- Counts, reads and learns for the entities of one or more events, all in one call.
--
-- KEYS    the entities of every segment in a row; at the end the stream and its counter of dropped entries
-- ARGV    one msgpack segment an event: {now_ms, tag, {program of the first key, of the second, …}, entry?};
--         program = {ttl_ms, op, op, …}, op = {name, arguments…}; entry = {mark, blob, max_length}
-- reply   one msgpack string: for each segment the msgpack list of what its ops replied
--
-- A value is the msgpack list {section, expires_ms, blob, …}; expires_ms 0 lives as long as the key. A blob is
-- packed by itself, so that only the sections that are asked for are opened. Sections: "w…" logs of rows
-- {time, tag, amount, member}, oldest first; "p:…" profile rows {member, first, last, times, trusted}, "a" the
-- attributes. The time comes from outside: an entry counts while now < its time + window. What an op does
-- depends on its own key alone, so on a Cluster the same script runs once for each slot group.

-- Before Redis 7 a script that reads the stream's id may write on only if its effects are what is replicated.
if not redis.REDIS_VERSION_NUM then redis.replicate_commands() end

local call, pack, unpack = redis.call, cmsgpack.pack, cmsgpack.unpack
local ROW, ENTRY = 4, 5
local now, tag, ttl, known
local flat, open, dirty, changed
local out, said

local function say(value)
  said = said + 1
  out[said] = value
end

local function load(key)
  local value = call('GET', key)
  local fine, found
  if value then fine, found = pcall(unpack, value) end
  flat = fine and type(found) == 'table' and found or {}
  open, dirty, changed = {}, {}, false
end

local function place_of(name)
  for i = 1, #flat, 3 do
    if flat[i] == name then return i end
  end
  return nil
end

local function section(name)
  local content = open[name]
  if not content then
    local i = place_of(name)
    content = i and (flat[i + 1] == 0 or flat[i + 1] > now) and unpack(flat[i + 2]) or {}
    open[name] = content
  end
  return content
end

local function touch(name, expires)
  local i = place_of(name)
  if not i then
    i = #flat + 1
    flat[i], flat[i + 1], flat[i + 2] = name, expires, ''
  elseif expires > flat[i + 1] then
    flat[i + 1] = expires
  end
  dirty[name], changed = true, true
end

local function save(key)
  local kept, keep = 0, 0
  for i = 1, #flat, 3 do
    local name, expires, blob = flat[i], flat[i + 1], flat[i + 2]
    if dirty[name] then blob = next(open[name]) ~= nil and pack(open[name]) end
    if blob and (expires == 0 or expires > now) then
      flat[kept + 1], flat[kept + 2], flat[kept + 3] = name, expires, blob
      kept = kept + 3
      local need = (expires == 0 or now == 0) and ttl or expires - now
      if need > keep then keep = need end
    end
  end
  for i = #flat, kept + 1, -1 do flat[i] = nil end
  if kept == 0 then
    call('DEL', key)
  else
    call('SET', key, pack(flat), 'PX', keep)
  end
end

-- logs ---------------------------------------------------------------------------------------------------

local function log(name, window)
  local rows = section(name)
  local cut, size = 0, #rows
  while cut < size and rows[cut + 1] + window <= now do cut = cut + ROW end
  if cut > 0 then
    for i = 1, size do rows[i] = rows[i + cut] end
  end
  return rows
end

local function position(rows)
  for i = #rows - 2, 2, -ROW do
    if rows[i] == tag then return i - 1 end
  end
  return nil
end

local function cut_out(rows, at)
  for i = at, #rows do rows[i] = rows[i + ROW] end
end

-- Over its bound a log merges its oldest row with the next one of the same member (else with the next one, whose
-- member is then unknown) at the newer time and without a tag: it can only overestimate.
local function shrink(rows, bound)
  while #rows > bound * ROW do
    local seen, from, into = {}, 1, 1 + ROW
    for i = 1, #rows, ROW do
      local before = seen[rows[i + 3]]
      if before then
        from, into = before, i
        break
      end
      seen[rows[i + 3]] = i
    end
    if rows[from + 3] ~= rows[into + 3] then rows[into + 3] = 0 end
    rows[into + 1] = 0
    rows[into + 2] = rows[into + 2] + rows[from + 2]
    cut_out(rows, from)
  end
end

local function insert(name, rows, window, bound, amount, member)
  local i = #rows - ROW + 1
  while i >= 1 and rows[i] > now do
    for j = i, i + ROW - 1 do rows[j + ROW] = rows[j] end
    i = i - ROW
  end
  rows[i + ROW], rows[i + 5], rows[i + 6], rows[i + 7] = now, tag, amount, member
  shrink(rows, bound)
  touch(name, now + window)
end

local function skipped(condition)
  return (condition == 1 and not known) or (condition == 2 and known)
end

local function total_of(rows)
  local total = 0
  for i = 3, #rows, ROW do total = total + rows[i] end
  return total
end

-- When enough has left the window for `excess` more; the whole window if that can never be.
local function wait_for(rows, window, excess)
  local freed = 0
  for i = 1, #rows, ROW do
    freed = freed + rows[i + 2]
    if freed >= excess then return rows[i] + window - now end
  end
  return window
end

local ops = {}

-- {w, name, window, capacity (-1 none), bound, amount, member, condition} -> total including this, wait or -1
function ops.w(o)
  if skipped(o[8]) then say(0) say(-1) return end
  local name, window, capacity, amount = o[2], o[3], o[4], o[6]
  local rows = log(name, window)
  local total = total_of(rows)
  if amount > 0 and not position(rows) then
    total = total + amount
    if capacity >= 0 and total > capacity then
      say(total) say(wait_for(rows, window, total - capacity))
      return
    end
    insert(name, rows, window, o[5], amount, o[7])
  end
  say(total) say(-1)
end

-- {d, name, window, capacity (-1 none), bound, member, condition} -> members including this one, wait or -1
function ops.d(o)
  if skipped(o[7]) then say(0) say(-1) return end
  local name, window, capacity, member = o[2], o[3], o[4], o[6]
  local rows = log(name, window)
  local last, count = {}, 0
  for i = 1, #rows, ROW do
    if not last[rows[i + 3]] then count = count + 1 end
    last[rows[i + 3]] = rows[i]
  end
  if not last[member] then
    count = count + 1
    if capacity >= 0 and count > capacity then
      local times = {}
      for _, time in pairs(last) do times[#times + 1] = time end
      table.sort(times)
      local time = times[count - capacity]
      say(count) say(time and time + window - now or window)
      return
    end
  end
  if not position(rows) then insert(name, rows, window, o[5], 1, member) end
  say(count) say(-1)
end

-- {v, name, window, member (0: all)} -> sum; rows whose member is unknown count for every member
function ops.v(o)
  local rows, sum = section(o[2]), 0
  for i = 1, #rows, ROW do
    if rows[i] + o[3] > now and (o[4] == 0 or rows[i + 3] == o[4] or rows[i + 3] == 0) then
      sum = sum + rows[i + 2]
    end
  end
  say(sum)
end

-- {e, name, window, member} -> how many members, whether this is one of them
function ops.e(o)
  local rows, seen, count = section(o[2]), {}, 0
  for i = 1, #rows, ROW do
    if rows[i] + o[3] > now and not seen[rows[i + 3]] then
      seen[rows[i + 3]] = true
      count = count + 1
    end
  end
  say(count) say(seen[o[4]] and 1 or 0)
end

-- {r, prefix}: take this event out of every log whose name begins so
function ops.r(o)
  for i = 1, #flat, 3 do
    local name = flat[i]
    if string.sub(name, 1, #o[2]) == o[2] then
      local rows = section(name)
      local at = position(rows)
      if at then
        cut_out(rows, at)
        touch(name, 0)
      end
    end
  end
end

-- profile ------------------------------------------------------------------------------------------------

local function find(rows, member)
  for i = 1, #rows, ENTRY do
    if rows[i] == member then return rows[i + 2] + ttl > now and i or nil end
  end
  return nil
end

local function take_out(rows, at)
  for i = at, #rows do rows[i] = rows[i + ENTRY] end
end

local function forget_unused(rows)
  for i = #rows - ENTRY + 1, 1, -ENTRY do
    if rows[i + 2] + ttl <= now then take_out(rows, i) end
  end
end

-- The one to go is the longest unused of those without trust, and only then of those with it.
local function evict(rows, capacity)
  while #rows > capacity * ENTRY do
    local out_at = 1
    for i = 1 + ENTRY, #rows - ENTRY, ENTRY do
      local mine, theirs = rows[i + 4], rows[out_at + 4]
      if mine < theirs or (mine == theirs and rows[i + 2] < rows[out_at + 2]) then out_at = i end
    end
    take_out(rows, out_at)
  end
end

local function learn(name, capacity, fresh)
  local rows = section(name)
  forget_unused(rows)
  local at = find(rows, fresh[1])
  if at then
    rows[at + 1] = math.min(rows[at + 1], fresh[2])
    rows[at + 2] = math.max(rows[at + 2], fresh[3])
    rows[at + 3] = rows[at + 3] + fresh[4]
    rows[at + 4] = math.max(rows[at + 4], fresh[5])
  else
    for j = 1, ENTRY do rows[#rows + 1] = fresh[j] end
    evict(rows, capacity)
  end
  touch(name, 0)
end

-- {k, name, member, age_ms}: for the conditions that follow, is this an entry that has earned trust?
function ops.k(o)
  local rows = section(o[2])
  local at = find(rows, o[3])
  known = at ~= nil and (rows[at + 4] == 1 or rows[at + 1] + o[4] <= now)
end

-- {p, name, member} -> first, last, times, trusted; a single 0 where it is not there
function ops.p(o)
  local rows = section(o[2])
  local at = find(rows, o[3])
  if not at then say(0) return end
  for j = 1, ENTRY - 1 do say(rows[at + j]) end
end

-- {l, name, capacity, member, trusted}
function ops.l(o) learn(o[2], o[3], {o[4], now, now, 1, o[5]}) end

-- {t, name, capacity, member, first, last, trusted}: put a known entry in
function ops.t(o) learn(o[2], o[3], {o[4], o[5], o[6], 0, o[7]}) end

-- {f, name, member}
function ops.f(o)
  local rows = section(o[2])
  local at = find(rows, o[3])
  if at then
    take_out(rows, at)
    touch(o[2], 0)
  end
end

-- attributes ---------------------------------------------------------------------------------------------

-- {a} -> the packed attributes, or an empty string
function ops.a()
  local i = place_of('a')
  if dirty.a then say(pack(open.a)) else say(i and flat[i + 2] or '') end
end

-- {c, name, value} -> 0 not set, 1 the same, 2 another
function ops.c(o)
  local value = section('a')[o[2]]
  say((value == nil or value == 0) and 0 or value == o[3] and 1 or 2)
end

-- {s, attributes}: set
function ops.s(o)
  local attributes = section('a')
  for name, value in pairs(o[2]) do attributes[name] = value end
  touch('a', 0)
end

-- {n, attributes}: set what is not set yet
function ops.n(o)
  local attributes = section('a')
  for name, value in pairs(o[2]) do
    if attributes[name] == nil then
      attributes[name] = value
      touch('a', 0)
    end
  end
end

-- {x, attributes}: raise to these, never lower
function ops.x(o)
  local attributes = section('a')
  for name, value in pairs(o[2]) do
    if attributes[name] == nil or value > attributes[name] then
      attributes[name] = value
      touch('a', 0)
    end
  end
end

-- {i, name}: one more
function ops.i(o)
  local attributes = section('a')
  attributes[o[2]] = (attributes[o[2]] or 0) + 1
  touch('a', 0)
end

-- {q, strength}: the strongest proof of a session, and when it was given
function ops.q(o)
  local attributes = section('a')
  if o[2] >= (attributes.strength or 0) then
    attributes.strength = o[2]
    attributes.proof = now
    touch('a', 0)
  end
end

-- {h, value, window}: the first value of a window
function ops.h(o)
  local attributes = section('a')
  if not attributes.pv0_at or attributes.pv0_at + o[3] <= now then
    attributes.pv0, attributes.pv0_at = o[2], now
    touch('a', 0)
  end
end

-- Trimmed now and then only: the length is a bound on memory, not a promise.
local function append(entry, reply)
  local stream, dropped = KEYS[#KEYS - 1], KEYS[#KEYS]
  call('XADD', stream, '*', 'k', entry[1], 'b', entry[2], 'r', reply)
  if tag % 16 == 0 and call('XLEN', stream) > entry[3] then
    call('INCRBY', dropped, call('XTRIM', stream, 'MAXLEN', '~', entry[3]))
  end
end

local replies, cursor = {}, 0
for s = 1, #ARGV do
  local segment = unpack(ARGV[s])
  now, tag, out, said = segment[1], segment[2], {}, 0
  local programs = segment[3]
  for p = 1, #programs do
    local program = programs[p]
    cursor = cursor + 1
    ttl, known = program[1], false
    load(KEYS[cursor])
    for i = 2, #program do
      local op = program[i]
      ops[op[1]](op)
    end
    if changed then save(KEYS[cursor]) end
  end
  replies[s] = pack(out)
  if segment[4] then append(segment[4], replies[s]) end
end
return pack(replies)
