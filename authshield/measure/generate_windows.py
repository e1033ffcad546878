"""Lua for one limit: its window's straight lines, with its constants in them. Pure text.

In scope are the value ``v``, the event's ``arg``, ``now``, ``stamp`` (time and tag), ``tag``; what comes of it are
``c``, the count that includes this event, and ``w``, the wait in milliseconds or -1 for not over. An event over the
limit changes nothing. What the rows mean is said in ``scripts/rows.lua``.
"""

from __future__ import annotations

from string import Template
from typing import TYPE_CHECKING, Any

from authshield.measure.counted import COUNT, DEVICE, DISTINCT, RATE, SKETCH, SUBWINDOWS, SUM
from authshield.vocabulary.ruleset import MOST_GROWTH

if TYPE_CHECKING:
    from collections.abc import Callable

    from authshield.measure.counted import Counted

ROWS = 256
"""Rows of a sum before its oldest are merged."""

SUBWINDOWS_OF = 100
"""An event in a sub-window counts for 1 % of the window too long at most."""

SKETCHES_OF = 10
"""So many sketches make a window, and one more; a value counts for 10 % of the window too long at most."""

KEPT_TAGS = 64
"""So many of the latest events can be told apart, and given back, where events are not kept themselves."""

_TEMPLATES = {
    COUNT: """
local s = v[$name] or ''
if s ~= '' and get('>I6', s) <= now - $window then s = sub(s, alive(s, 1, 12, now - $window)) end
c = #s / 12
if not (find(s, tag, 1, true) and seek(s, tag, 7, 12)) then
  c = c + 1
  if c > $capacity then
    w = $capacity > 0 and get('>I6', s, (c - $capacity) * 12 - 11) + $window - now or $window
  else
    v[$name] = append(s, 1, 12, stamp)
    $keep
  end
end""",
    SUM: """
local s, t = v[$name] or ZERO8
if #s > 8 then
  c, t = get('>dI6', s)
  if t <= now - $window then s, c = shed_m(s, c, now - $window) end
end
local more = get('>I7', arg, $at)
if more > 0 and not (find(s, tag, 9, true) and seek(s, tag, 15, 19)) then
  c = c + more
  if c > $capacity then
    w = wait_m(s, c - $capacity, $window)
  else
    s = append(s, 9, 19, stamp .. sub(arg, $at, $at + 6))
    if #s > $bytes then s = merge_m(s) end
    v[$name] = put('>d', c) .. sub(s, 9)
    $keep
  end
end""",
    DISTINCT: """
local s, t = v[$name] or '\\0\\0'
if #s > 2 then
  c, t = get('>I2I6', s)
  if t <= now - $window then s, c = shed_d(s, c, now - $window) end
end
local member = sub(arg, $at, $at + 5)
if not seek(s, member, 15, 18) then
  c = c + 1
  if c > $capacity then w = wait_d(s, c - $capacity, $window) end
end
if w < 0 and not (find(s, tag, 3, true) and seek(s, tag, 9, 18)) then
  s = append(s, 3, 18, stamp .. member)
  if #s > $bytes then s = merge_d(s) end
  v[$name] = put('>I2', c) .. sub(s, 3)
  $keep
end""",
    SUBWINDOWS: """
local s, t = v[$name] or ZERO8
if #s > 8 then
  c, t = get('>dI6', s)
  if t <= now - $window then s, c = shed_b(s, c, now - $window) end
end
local tags = v[$tags] or ''
if not (find(tags, brief, 1, true) and seek(tags, brief, 1, 6)) then
  c = c + 1
  if c > $capacity then
    w = wait_b(s, c - $capacity, $window)
  else
    local last, n = 0, 1
    t = now - now % $part + $part - 1
    if #s > 8 then last, n = get('>I6I4', s, #s - 9) end
    if last >= t then
      t = last
      v[$name] = put('>d', c) .. sub(s, 9, -5) .. put('>I4', n + 1)
    else
      v[$name] = put('>d', c) .. sub(s, 9) .. put('>I6I4', t, 1)
    end
    v[$tags] = (#tags >= 384 and sub(tags, 7) or tags) .. brief .. put('>I2', (t + 1) / $part % 65536)
    $keep
  end
end""",
    RATE: """
local s, us = v[$name] or ZERO8, now * 1000
local backlog, interval, till = get('>d', s) - us, $interval, now
if backlog <= 0 then backlog = 0 end
if find(s, tag, 9, true) and seek(s, tag, 9, 20) then
  c = ceil(backlog / interval)
else
  local after = backlog + interval
  c = ceil(after / interval)
  if after > $burst then
    w = ceil((after - $burst) / 1000)
  else
    v[$name] = put('>d', us + after) .. sub(s, #s >= 1288 and 29 or 9) .. tag .. put('>dI6', backlog, interval)
    till = now + ceil(after / 1000)
    $keep
  end
end""",
    SKETCH: """
local s, index = v[$name] or ''
local own, part = KEYS[k] .. ':' .. $name, (now - now % $part) / $part
if s ~= '' then index, c = get('>I6I4', s) end
if index and index > part then part = index end
if index ~= part then
  $keep
  local earlier = {}
  for i = 1, 10 do earlier[i] = own .. ':' .. part - i end
  call('PFMERGE', own .. ':u' .. part, unpack(earlier))
  call('PEXPIRE', own .. ':u' .. part, 2 * $part)
  c = call('PFCOUNT', own .. ':u' .. part)
  s = put('>I6I4', part, c) .. sub(s, 11)
  v[$name] = s
end
if not (find(s, tag, 11, true) and seek(s, tag, 11, 6)) then
  if c >= $capacity then
    c, w = c + 1, $part - now % $part
  else
    local member = sub(arg, $at, $at + 5)
    call('PFADD', own .. ':' .. part, member)
    call('PEXPIRE', own .. ':' .. part, $window + 2 * $part)
    if call('PFADD', own .. ':u' .. part, member) == 1 then
      call('PEXPIRE', own .. ':u' .. part, 2 * $part)
      c = call('PFCOUNT', own .. ':u' .. part)
    end
    v[$name] = put('>I6I4', part, c) .. sub(s, #s >= 394 and 17 or 11) .. tag
    $keep
  end
end""",
}

_GROWING = """
local capacity, customers = $least, v.G or ''
if sub(customers, 1, 8) ~= $header then
  customers = $header .. sub(customers, 9)
  v.G, changed = customers, true
end
capacity = capacity + $grows_by * grown(customers, now - $window)
if capacity > $most then capacity = $most end"""

_PROGRESSIVE = """
if w >= 0 then
  local t, times = 0, 0
  if v[$refusals] then t, times = get('>I6B', v[$refusals]) end
  if t + $window <= now then times = 0 end
  w = w * 2 ^ times
  if w > $window then w = $window end
  v[$refusals] = put('>I6B', now, times < 40 and times + 1 or 40)
  $keep_refusal
end"""

_CUSTOMERS_KEPT = 1000


def window(one: Counted, number: int, at: Callable[[str], int], *, keep: str, header: str) -> str:
    """The lines that count this limit, into the locals ``c`` and ``w`` of its number.

    ``at`` tells where in ``arg`` an operand begins; ``keep`` notes that ``v`` is to be kept for so many
    milliseconds; ``header`` is the section's for the customers behind an address.
    """
    values = _values(one, at) | {"header": header}
    values["keep_refusal"] = Template(keep).substitute(until=f"now + {values['held']}")
    values["keep"] = Template(keep).substitute(until="till") if one.window == RATE else values["keep_refusal"]
    lines = []
    if one.pair:
        lines.append("local name, mark = slot(v, $base, sub(arg, $mark, $mark + 5))")
    if one.grows_by:
        lines.append(_GROWING)
    lines.append(_TEMPLATES[one.window])
    if one.pair:
        lines.append("if w < 0 then hold(v, $base, mark, now + $held) end")
    if one.progressive:
        lines.append(_PROGRESSIVE)
    conditions = _conditions(one, at)
    if conditions:
        lines = [f"if {' and '.join(conditions)} then", *lines, "end"]
    text = Template("\n".join(lines)).substitute(values)
    return f"do\nlocal c, w = 0, -1\n{text}\nc{number}, w{number} = c, w\nend"


def customers_header(limits: tuple[Counted, ...]) -> str:
    """How long and how many customers behind an address are remembered, as a literal; empty where nobody asks."""
    growing = [one for one in limits if one.grows_by]
    if not growing:
        return ""
    horizon = max(one.seconds for one in growing) * 1000
    kept = max(-(-one.capacity * (MOST_GROWTH - 1) // one.grows_by) for one in growing)
    packed = horizon.to_bytes(6, "big") + min(kept, _CUSTOMERS_KEPT).to_bytes(2, "big")
    return "'" + "".join(f"\\{byte:03d}" for byte in packed) + "'"


def _conditions(one: Counted, at: Callable[[str], int]) -> list[str]:
    found = []
    if one.known is not None:
        found.append("known" if one.known else "not known")
    if one.pair and one.pair != DEVICE:
        mark = at(f"pair:{one.pair}")
        found.append(f"sub(arg, {mark}, {mark + 5}) ~= ZERO6")
    if one.exempt:
        found.append(f"byte(arg, {at('list:' + ','.join(one.exempt))}) == 0")
    return found


def _values(one: Counted, at: Callable[[str], int]) -> dict[str, Any]:
    milliseconds = one.seconds * 1000
    part = max(1, milliseconds // (SKETCHES_OF if one.window == SKETCH else SUBWINDOWS_OF))
    most = one.capacity * (MOST_GROWTH if one.grows_by else 1)
    late = part if one.window in {SUBWINDOWS, SKETCH} else 0
    base, rest = f"'{one.name}'", one.name[1:]
    interval = -(-milliseconds * 1000 // max(1, one.capacity))
    values: dict[str, Any] = {
        "base": base,
        "name": "name" if one.pair else base,
        "tags": "'q' .. sub(name, 2)" if one.pair else f"'q{rest}'",
        "refusals": "'p' .. sub(name, 2)" if one.pair else f"'p{rest}'",
        "window": milliseconds,
        "part": part,
        "held": max(milliseconds + late, one.burst * interval // 1000),
        "capacity": "capacity" if one.grows_by else one.capacity,
        "least": one.capacity,
        "most": most,
        "grows_by": one.grows_by,
        "bytes": 8 + 19 * ROWS if one.window == SUM else 2 + 18 * (most + KEPT_TAGS),
        "interval": f"ceil({milliseconds * 1000} / capacity)" if one.grows_by else interval,
        "burst": one.burst * interval,
    }
    if one.window in {SUM, DISTINCT, SKETCH}:
        values["at"] = at(one.operand if one.window == SUM else f"tag:{one.operand}")
    if one.pair:
        values["mark"] = at(DEVICE if one.pair == DEVICE else f"pair:{one.pair}")
    return values
