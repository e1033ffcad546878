-- What came of an event, and what other hands change: gives counts back, learns, sets attributes.
--
-- ARGV[1 + k] is the program of KEYS[k]: the msgpack list {ttl_ms, op, op, …}, op = {name, arguments…}; tags and
-- members in it are numbers; ttl_ms 0 lets a value live as long as its windows. The reply of a key is empty.
-- At time 0 nothing is counted by the clock, so nothing ends by it either.

local min, max = math.min, math.max
local v, ttl, changed, attributes, is_set
local ENTRY, TRADES, LOOKS, DEVICES, UNLEARNT, DAY = 27, 512, 31, 8, 512, 86400000

local function mark(number)
  return put('>I6', number)
end

-- windows --------------------------------------------------------------------------------------------------

local TAGS = {c = {7, 12}, m = {15, 19}, M = {17, 25}, d = {9, 18}, g = {9, 20}, q = {1, 6}}
local take = {}

function take.c(s, at)
  return without(s, at - 6, 12)
end

function take.m(s, at)
  return put('>d', get('>d', s) - get('>I7', s, at + 6)) .. sub(without(s, at - 6, 19), 9)
end

function take.M(s, at)
  local total, members = get('>dI2', s)
  local member, rest = sub(s, at + 13, at + 18), without(s, at - 6, 25)
  if members > 0 and not seek(rest, member, 30, 25) then members = members - 1 end
  return put('>dI2', total - get('>I7', s, at + 6), members) .. sub(rest, 11)
end

function take.d(s, at)
  local member, rest = sub(s, at + 6, at + 11), without(s, at - 6, 18)
  return put('>I2', get('>I2', s) - (seek(rest, member, 15, 18) and 0 or 1)) .. sub(rest, 3)
end

-- What the event still holds of the rate goes, and what the later ones met becomes so much less; where the rate
-- stood empty in between, it was given back already.
function take.g(s, at)
  local held = get('>I6', s, at + 14)
  for i = at + 20, #s, 20 do
    local backlog = get('>d', s, i + 6)
    held = min(held, backlog)
    s = sub(s, 1, i + 5) .. put('>d', backlog - held) .. sub(s, i + 14)
  end
  return put('>d', get('>d', s) - held) .. sub(without(s, at, 20), 9)
end

-- One less in the sub-window whose number stands behind the tag.
function take.q(tags, at, name)
  local window, part = 'b' .. sub(name, 2), 10 * tonumber(sub(name, 11, 17))
  local s, number = v[window] or '', get('>I2', tags, at + 4)
  for i = 9, #s, 10 do
    local last, count = get('>I6I4', s, i)
    if (last + 1) / part % 65536 == number then
      local rest = count > 1 and sub(s, 1, i + 5) .. put('>I4', count - 1) .. sub(s, i + 10)
      s = rest or without(s, i, 10)
      v[window] = put('>d', get('>d', s) - 1) .. sub(s, 9)
      break
    end
  end
  return without(tags, at, 6)
end

-- How an event is known in this kind of window.
local function known_as(kind, event)
  return kind == 'q' and sub(event, 1, 4) or event
end

local function counted_in(flags)
  local found = {}
  for name in pairs(v) do
    local is_one = TAGS[sub(name, 1, 1)] and #name >= 17
    if is_one and (flags == '' or find(flags, sub(name, 2, 2), 1, true)) then found[#found + 1] = name end
  end
  return found
end

local ops = {}

-- {r, flags ('' all), tag}: take this event out of the windows that give back so
function ops.r(o)
  local event = mark(o[3])
  for _, name in ipairs(counted_in(o[2])) do
    local kind = sub(name, 1, 1)
    local at = seek(v[name], known_as(kind, event), TAGS[kind][1], TAGS[kind][2])
    if at then v[name], changed = take[kind](v[name], at, name), true end
  end
end

-- {u, flags, tag, new tag}: from now on an event is known by another name in these windows
function ops.u(o)
  local event, named = mark(o[3]), mark(o[4])
  for _, name in ipairs(counted_in(o[2])) do
    local kind, s = sub(name, 1, 1), v[name]
    local mine, theirs = known_as(kind, event), known_as(kind, named)
    local at = seek(s, mine, TAGS[kind][1], TAGS[kind][2])
    if at then v[name], changed = sub(s, 1, at - 1) .. theirs .. sub(s, at + #mine), true end
  end
end

-- {w, name, window, amount, member}: one row more in a sum by members
function ops.w(o)
  local name, window, member = o[2], o[3], mark(o[5])
  local s, total, members = v[name] or ZERO10, 0, 0
  if #s > 10 then
    total, members = get('>dI2', s)
    if get('>I6', s, 11) <= now - window then s, total, members = shed_M(s, total, members, now - window) end
  end
  if seek(s, tag, 17, 25) then return end
  if not seek(s, member, 30, 25) then members = members + 1 end
  s = append(s, 11, 25, stamp .. put('>I7', o[4]) .. member)
  if #s > 10 + 25 * TRADES then s = merge_M(s) end
  v[name], changed = put('>dI2', total + o[4], members) .. sub(s, 11), true
  v.x = max(v.x, now + window)
end

-- {g, member}: a customer signed in from behind this address, if that is asked for
function ops.g(o)
  local s, member = v.G, mark(o[2])
  if not s then return end
  local window, most = get('>I6I2', s)
  local at = seek(s, member, 15, 12)
  if at and get('>I6', s, at - 6) >= now then return end
  if at then s = without(s, at - 6, 12) end
  while #s > 8 and (get('>I6', s, 9) <= now - window or #s >= 8 + 12 * most) do s = without(s, 9, 12) end
  v.G, changed = append(s, 9, 12, put('>I6', now) .. member), true
  v.x = max(v.x, now + window)
end

-- {e, member, octet}: who bought, and the evidence against the session; the latest of each
function ops.e(o)
  local s, member = v.E or '', mark(o[2])
  local at = seek(s, member, 7, 13)
  if at then s = without(s, at - 6, 13) end
  while #s > 0 and (get('>I6', s) <= now - DAY or #s >= 13 * TRADES) do s = sub(s, 14) end
  v.E, changed = append(s, 1, 13, put('>I6', now) .. mark(o[2]) .. string.char(o[3])), true
  v.x = max(v.x, now + DAY)
end

-- profile --------------------------------------------------------------------------------------------------

-- The one to go is one that is unused for too long, else the longest unused of those without trust, and only then
-- of those with it.
local function evicted(rows)
  local out_at, least, since
  for i = 1, #rows - ENTRY, ENTRY do
    local _, last, _, trusted = get('>I8I8I4B', rows, i + 6)
    if last + ttl <= now then trusted = -1 end
    if not out_at or trusted < least or (trusted == least and last < since) then
      out_at, least, since = i, trusted, last
    end
  end
  return without(rows, out_at, ENTRY)
end

local function learn(field, capacity, number, fresh)
  local rows, member = v[field] or '', mark(number)
  local at = seek(rows, member, 1, ENTRY)
  if at then
    local first, last, times, trusted = get('>I8I8I4B', rows, at + 6)
    if last + ttl > now then
      fresh = {min(first, fresh[1]), max(last, fresh[2]), times + fresh[3], max(trusted, fresh[4])}
    end
    rows = without(rows, at, ENTRY)
  end
  rows = rows .. member .. put('>I8I8I4B', unpack(fresh))
  while #rows > capacity * ENTRY do rows = evicted(rows) end
  v[field], changed = rows, true
end

-- {l, field, capacity, member, trusted}
function ops.l(o) learn(o[2], o[3], o[4], {now, now, 1, o[5]}) end

-- {t, field, capacity, member, first, last, trusted, times}: put a known entry in; times is 0 if left out
function ops.t(o) learn(o[2], o[3], o[4], {o[5], o[6], o[8] or 0, o[7]}) end

-- {d, field, member, since}: one use less. One that is not used otherwise and not known since before goes, but for a
-- device that is trusted; of a device that goes the looks go too
function ops.d(o)
  local rows, member = v[o[2]], mark(o[3])
  local at = rows and seek(rows, member, 1, ENTRY)
  if not at then return end
  local first, last, times, trusted = get('>I8I8I4B', rows, at + 6)
  local is_device, left = o[2] == 'p:dev', max(0, times - 1)
  rows, changed = without(rows, at, ENTRY), true
  if left > 0 or first < o[4] or (is_device and trusted == 1) then
    rows = rows .. member .. put('>I8I8I4B', first, last, left, trusted)
  elseif is_device and v.F then
    at = seek(v.F, member, 1, LOOKS)
    if at then v.F = without(v.F, at, LOOKS) end
  end
  v[o[2]] = rows ~= '' and rows or nil
end

-- {f, field, member}
function ops.f(o)
  local rows = v[o[2]]
  local at = rows and seek(rows, mark(o[3]), 1, ENTRY)
  if at then v[o[2]], changed = without(rows, at, ENTRY), true end
end

-- {k, tag, proofs, traits}: what a device looks like now; a trait that is not told stays as it was, and the device
-- seen longest ago goes
function ops.k(o)
  local s, device, proofs, traits = v.F or '', mark(o[2]), o[3], o[4]
  local at = seek(s, device, 1, LOOKS)
  if at then
    local was, told = sub(s, at + 7, at + LOOKS - 1), {}
    for i = 1, #was, 2 do
      local trait = sub(traits, i, i + 1)
      told[#told + 1] = (trait == '' or trait == '\0\0') and sub(was, i, i + 1) or trait
    end
    proofs, traits, s = min(255, proofs + byte(s, at + 6)), table.concat(told), without(s, at, LOOKS)
  elseif traits == '' then
    return
  elseif #s >= LOOKS * DEVICES then
    s = sub(s, LOOKS + 1)
  end
  v.F, changed = s .. device .. string.char(proofs) .. traits, true
end

-- {b, name, tag}: the device of a session ("D") or of the last place ("P")
function ops.b(o)
  v[o[2]], changed = mark(o[3]), true
end

-- attributes -----------------------------------------------------------------------------------------------

local function opened()
  if not attributes then attributes = v.a and unmap(v.a) or {} end
  return attributes
end

local function set(name, value)
  attributes[name], is_set, changed = value, true, true
end

-- {s, attributes}: set
function ops.s(o)
  opened()
  for name, value in pairs(o[2]) do set(name, value) end
end

-- {n, attributes}: set what is not set yet
function ops.n(o)
  opened()
  for name, value in pairs(o[2]) do
    if attributes[name] == nil then set(name, value) end
  end
end

-- {x, attributes}: raise to these, never lower
function ops.x(o)
  opened()
  for name, value in pairs(o[2]) do
    if attributes[name] == nil or value > attributes[name] then set(name, value) end
  end
end

-- {i, name}: one more
function ops.i(o)
  set(o[2], (opened()[o[2]] or 0) + 1)
end

-- {j, name, number}: so many more or less, never below 0
function ops.j(o)
  set(o[2], max(0, (opened()[o[2]] or 0) + o[3]))
end

-- {p, time}: the last place is not known any more, if it is the one of that time
function ops.p(o)
  local place = opened().place
  if place and place[4] == o[2] then set('place', nil) end
end

-- {o, tag}: what follows is done once for an event; {a, tag}: and once again after that, the other way round
function ops.o(o)
  local s, event = v.U or '', mark(o[2])
  if seek(s, event, 1, 6) then return true end
  if #s >= 6 * UNLEARNT then s = sub(s, 7) end
  v.U, changed = s .. event, true
end

function ops.a(o)
  local s, event = v.U or '', mark(o[2])
  local at = seek(s, event, 1, 6)
  if not at then return true end
  s = without(s, at, 6)
  v.U, changed = s ~= '' and s or nil, true
end

-- {q, strength}: the strongest proof of a session, and when it was given
function ops.q(o)
  if o[2] >= (opened().strength or 0) then
    set('strength', o[2])
    set('proof', now)
  end
end

-- {h, value, window}: the first value of a window
function ops.h(o)
  local since = opened().pv0_at
  if not since or since + o[3] <= now then
    set('pv0', o[2])
    set('pv0_at', now)
  end
end

-- values ---------------------------------------------------------------------------------------------------

local LAST = {c = 12, m = 19, M = 25, d = 18, b = 10}

local function is_over(name, s)
  local kind, window = sub(name, 1, 1), 1000 * tonumber(sub(name, 11, 17))
  if kind == 'g' then return get('>d', s) <= now * 1000 end
  if kind == 'q' then return not v['b' .. sub(name, 2)] end
  if kind == 'i' then return #s == 0 or get('>I6', s, #s - 11) <= now end
  if kind == 'p' then return get('>I6', s) + window <= now end
  if kind == 'h' then return (get('>I6', s) + 12) * floor(window / 10) <= now end
  local step = LAST[kind]
  return step and (#s < step or get('>I6', s, #s + 1 - step) + window <= now)
end

local function save(key)
  if is_set then v.a = map(attributes) end
  local is_empty = true
  for name, s in pairs(v) do
    if now > 0 and #name >= 17 and is_over(name, s) then
      v[name] = nil
    elseif name ~= 'x' then
      is_empty = false
    end
  end
  local keep = ttl > 0 and ttl or v.x - now
  if is_empty or keep <= 0 then call('DEL', key) else call('SET', key, map(v), 'PX', keep) end
end

local count, out = floor((#ARGV[1] - 11) / 2), {}
for k = 1, count do
  local value, program = call('GET', KEYS[k]), unmap(ARGV[k + 1])
  local fine, found
  if value then fine, found = pcall(unmap, value) end
  v = fine and type(found) == 'table' and found.x and found or {x = 0}
  ttl, changed, attributes, is_set = program[1], false, nil, false
  for i = 2, #program do
    if ops[program[i][1]](program[i]) then break end
  end
  if changed then save(KEYS[k]) end
  out[k] = ''
end
