-- Rows in strings: what every script of this package is made of. Only the functions that a script names are put
-- into it, each with those it needs.
--
-- A value is a msgpack map: "x" the time until which a value without a fixed life is kept (also the mark of this
-- layout), "a" the packed attributes, "D" and "P" tags of devices, "p:…" profile rows, "G" the customers behind
-- an address, and windows by their names (counted.py). All rows are of one width and oldest first, numbers in
-- them big-endian: times are 6 bytes of milliseconds, tags and members 6 bytes of a keyed hash, amounts 7.
--
--   c  time, tag                        an exact log
--   m  [total 8] time, tag, amount      an exact log of amounts
--   M  [total 8, members 2] time, tag, amount, member
--   d  [members 2] time, tag, member    an exact log of different values
--   b  [total 8] last millisecond of a sub-window, number 4; its latest events beside it under q: the tag's first 4
--      bytes, the number of the sub-window 2
--   g  [theoretical arrival 8, in µs] tag, backlog before it 8, interval 6
--   h  [sub-window 6, estimate 4] tag; the sketches are keys of their own
--   i  until when, second dimension     which windows a pair has in this value
--   p  latest refusal, times 1
--   F  tag of a device, valid proofs 1, traits 2 each: what the account's devices looked like
--   E  time, member, evidence 1: who bought a symbol
--   U  tags of events that were unlearnt
--   T  generation 2 and mark 6 of the newest cookie of a device, first seen 6, whether it has a double 1
--   R  time, proof, first 4 bytes of the event's tag: proofs of a device that came

-- Where in a column a mark stands first, from a row on; string.find alone would also find it across two columns.
local function seek(s, mark, first, step, from)
  local at = (from or first) - 1
  repeat at = find(s, mark, at + 1, true) until not at or (at - first) % step == 0
  return at
end

-- Where the rows begin that are younger than the edge, given that the first one is not.
local function alive(s, first, step, edge)
  local at, size = first, #s
  repeat at = at + step until at > size or get('>I6', s, at) > edge
  return at
end

-- With one row more, in its place also where the clock of another web node is ahead.
local function append(s, first, step, row)
  local at = #s + 1 - step
  if at < first or get('>I6', s, at) <= now then return s .. row end
  repeat at = at - step until at < first or get('>I6', s, at) <= now
  return sub(s, 1, at + step - 1) .. row .. sub(s, at + step)
end

-- A profile row is {member 6, first use 8, last use 8, times 4, trusted 1}: all of it but the member.
local function entry(rows, member)
  local at = rows and seek(rows, member, 1, 27)
  return at and sub(rows, at + 6, at + 26) or NO_ENTRY
end

-- Which traits are the same and which differ, a bit each; one that is unknown on either side is neither.
local function alike(rows, from, traits)
  if sub(rows, from, from + #traits - 1) == traits and not find(traits, '\0\0', 1, true) then return 4095, 0 end
  local same, other, bit = 0, 0, 1
  for i = 1, #traits, 2 do
    local then_high, then_low = byte(rows, from + i - 1, from + i)
    local high, low = byte(traits, i, i + 1)
    if then_high + then_low > 0 and high + low > 0 then
      if then_high == high and then_low == low then same = same + bit else other = other + bit end
    end
    bit = bit * 2
  end
  return same, other
end

local function bits(mask)
  local number = 0
  while mask > 0 do
    number, mask = number + mask % 2, floor(mask / 2)
  end
  return number
end

local function amount(sum)
  return put('>I7', sum < MOST and sum or MOST)
end

local function without(s, at, step)
  return sub(s, 1, at - 1) .. sub(s, at + step)
end

-- m: rows that are over leave, and take their amounts along.
local function shed_m(s, total, edge)
  local at = alive(s, 9, 19, edge)
  if at > #s then return ZERO8, 0 end
  for i = 9, at - 1, 19 do total = total - get('>I7', s, i + 12) end
  return ZERO8 .. sub(s, at), total
end

-- m: when enough has left the window for `excess` more; the whole window if that can never be.
local function wait_m(s, excess, window)
  for i = 9, #s, 19 do
    excess = excess - get('>I7', s, i + 12)
    if excess <= 0 then return get('>I6', s, i) + window - now end
  end
  return window
end

-- m: the oldest row goes up in the next one, which loses its tag: it can only be counted too long.
local function merge_m(s)
  local sum = get('>I7', s, 21) + get('>I7', s, 40)
  return sub(s, 1, 8) .. sub(s, 28, 33) .. ZERO6 .. amount(sum) .. sub(s, 47)
end

-- d: rows that are over leave; a member leaves with its last row.
local function shed_d(s, members, edge)
  local at = alive(s, 3, 18, edge)
  if at > #s then return '\0\0', 0 end
  for i = 3, at - 1, 18 do
    if not seek(s, sub(s, i + 12, i + 17), 15, 18, i + 18) then members = members - 1 end
  end
  return '\0\0' .. sub(s, at), members
end

-- d: when so many members have left the window.
local function wait_d(s, excess, window)
  for i = 3, #s, 18 do
    if not seek(s, sub(s, i + 12, i + 17), 15, 18, i + 18) then
      excess = excess - 1
      if excess == 0 then return get('>I6', s, i) + window - now end
    end
  end
  return window
end

-- d: the oldest row whose member comes again goes: it counts for nothing while the newer one is there.
local function merge_d(s)
  for i = 3, #s, 18 do
    if seek(s, sub(s, i + 12, i + 17), 15, 18, i + 18) then return without(s, i, 18) end
  end
  return s
end

-- M: as m, with members; a member leaves with its last row.
local function shed_M(s, total, members, edge)
  local at = alive(s, 11, 25, edge)
  if at > #s then return ZERO10, 0, 0 end
  for i = 11, at - 1, 25 do
    total = total - get('>I7', s, i + 12)
    if not seek(s, sub(s, i + 19, i + 24), 30, 25, i + 25) then members = members - 1 end
  end
  return ZERO10 .. sub(s, at), total, members
end

-- M: the oldest row goes up in the next one of its member, else in the next one, whose member is then unknown
-- and may be anybody: again it can only be counted too long and too often.
local function merge_M(s)
  local from, into
  for i = 11, #s, 25 do
    local at = seek(s, sub(s, i + 19, i + 24), 30, 25, i + 25)
    if at then from, into = i, at - 19 break end
  end
  local member = from and sub(s, from + 19, from + 24) or ANYBODY
  from, into = from or 11, into or 36
  local sum = get('>I7', s, from + 12) + get('>I7', s, into + 12)
  local row = sub(s, into, into + 5) .. ZERO6 .. amount(sum) .. member
  return sub(s, 1, from - 1) .. sub(s, from + 25, into - 1) .. row .. sub(s, into + 25)
end

-- M: the amounts of one member.
local function sum_M(s, member)
  local sum, at = 0, seek(s, member, 30, 25)
  while at do
    sum = sum + get('>I7', s, at - 7)
    at = seek(s, member, 30, 25, at + 25)
  end
  return sum
end

-- b: sub-windows that are over leave.
local function shed_b(s, total, edge)
  local at = alive(s, 9, 10, edge)
  if at > #s then return ZERO8, 0 end
  for i = 9, at - 1, 10 do total = total - get('>I4', s, i + 6) end
  return ZERO8 .. sub(s, at), total
end

local function wait_b(s, excess, window)
  for i = 9, #s, 10 do
    excess = excess - get('>I4', s, i + 6)
    if excess <= 0 then return get('>I6', s, i) + window - now end
  end
  return window
end

-- The window of a pair, and the mark it is kept under. Where there are too many of them, or were so within the
-- window, those that are new share one: whoever varies the second dimension gains nothing by it.
local function slot(v, name, mark)
  local index = 'i' .. sub(name, 2)
  local rows = v[index] or ''
  if not seek(rows, mark, 7, 12) then
    while rows ~= '' and get('>I6', rows) <= now do
      local gone = sub(rows, 7, 12)
      v[name .. gone], v['q' .. sub(name, 2) .. gone], v['p' .. sub(name, 2) .. gone] = nil, nil, nil
      rows = sub(rows, 13)
    end
    v[index] = rows
    if #rows >= SLOTS * 12 or seek(rows, ANYBODY, 7, 12) then mark = ANYBODY end
  end
  return name .. mark, mark
end

-- The window of a pair is in use until then.
local function hold(v, name, mark, till)
  local index = 'i' .. sub(name, 2)
  local rows = v[index]
  local at = seek(rows, mark, 7, 12)
  v[index] = (at and without(rows, at - 6, 12) or rows) .. put('>I6', till) .. mark
end

-- How many customers signed in from behind this address since then.
local function grown(rows, edge)
  local low, high = 0, (#rows - 8) / 12
  local size = high
  while low < high do
    local middle = floor((low + high) / 2)
    if get('>I6', rows, middle * 12 + 9) > edge then high = middle else low = middle + 1 end
  end
  return size - low
end
