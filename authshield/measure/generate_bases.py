"""Lua for what every event reads of its account, session, device and symbol, limits apart. Pure text.

In scope are ``v``, ``arg``, ``now``, ``stamp``, ``tag``, ``changed`` and ``need``; what comes of it is ``base``, the
first part of the key's reply, which ``reply`` reads.
"""

from __future__ import annotations

from authshield.measure.counted import COUNT, SUM

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
HALF_HOUR_MS = 1_800_000
TEN_MINUTES_MS = 600_000

ORDERS = f"{COUNT}n@orders.{TEN_MINUTES_MS // 1000:07d}"
SOLD = f"{SUM}n@sold...{DAY_MS // 1000:07d}"
BOUGHT = f"Mn@bought.{DAY_MS // 1000:07d}"
UNUSUAL = f"Mn@unusual{HOUR_MS // 1000:07d}"
DEVICE_ACCOUNTS = "n@accounts"

ROWS = 256
"""Rows of what was sold, and half of what was bought, before the oldest are merged."""

ORDERS_KEPT = 512
ACCOUNTS_KEPT = 256
ACCOUNTS_PART_MS = DAY_MS // 100

TRAIT_BYTES = 2
TRAITS = 12
LOOKS = 6 + 1 + TRAITS * TRAIT_BYTES
"""What a device looked like: its tag, how many valid proofs it gave, and its traits."""

SEEN_GRAIN_MS = 60_000
"""When a session was last seen is kept to the minute, so that not every page writes it."""

EVIDENCE = 13
"""A buyer of a symbol: time, member, and the evidence against the session in an octet (``lessons.octet``)."""

BROWSER = ("device", "fingerprint", "address", "block", "carrier", "country", "browser", "hour", "traits")
"""Operands of every event of an account, in this order; but for the last each has a profile entry replied."""

_CARRIER = BROWSER.index("carrier")

STEPS = 16
WINDOWS = 3
"""Buyers are told in 10 minutes, from there to 2 hours and from there to a day, by their evidence in steps."""

DEVICE = ("pair:acct", "token", "proof")
"""Operands of a device."""

TOKEN_MS = 180 * DAY_MS
"""How long the newest generation of a device cookie is remembered without being seen."""

TABS_MS = 60_000
"""How long an older one is let pass beside it: tabs that were open, replies that crossed."""

PROOF_MS = TEN_MINUTES_MS
"""How long a proof is remembered: longer than one can be used."""

PROOFS_KEPT = 64
NUMBERED = ("dev", "net", "asn", "cc", "hr", "sym", "mkt")
"""Profile fields of which a reply tells how many values there are."""

TRADED = ("symbol", "market")
ORDER = (*BROWSER[:-1], *TRADED, "side", "amount", "traits")

_KNOWN = """
local device = sub(arg, 1, 6)
local own = entry(v['p:dev'], device)
local first, last, _, trusted = get('>I8I8I4B', own)
local known = first > 0 and last + {ttl} > now and (trusted == 1 or first + {trust} <= now)
local base = (v.P == device and device ~= ZERO6 and '\\1' or '\\0') .. own"""

_ENTRY = " .. entry(v['p:{field}'], sub(arg, {start}, {end}))"

# What is known of the looks of this device, or else which trusted device looks most like it; and how many different
# values of each kind the account has used.
_LOOKS = """
local traits, kin, same, other, proofs, rows = sub(arg, {traits}, {traits_end}), 0, 0, 0, 0, v.F
local at = rows and device ~= ZERO6 and seek(rows, device, 1, {row})
if at then
  kin, proofs = 1, byte(rows, at + 6)
  same, other = alike(rows, at + 7, traits)
elseif rows and not known then
  for i = 1, #rows, {row} do
    local began, used, _, given = get('>I8I8I4B', entry(v['p:dev'], sub(rows, i, i + 5)))
    if began > 0 and used + {ttl} > now and (given == 1 or began + {trust} <= now) then
      local alike_here, unlike = alike(rows, i + 7, traits)
      if kin == 0 or bits(alike_here) - bits(unlike) > bits(same) - bits(other) then
        kin, same, other = 2, alike_here, unlike
      end
    end
  end
end
base = base .. put('>BI2I2BI2I2I2I2I2I2I2', kin, same, other, proofs, {counts})"""

_COUNT = "#(v['p:{field}'] or '') / 27"

_TRADES = """
local symbol, buys, amount = sub(arg, 49, 54), byte(arg, 61) == 66, get('>I7', arg, 62)
local s, t = v['{orders}'] or ''
if s ~= '' and get('>I6', s) <= now - 600000 then s = sub(s, alive(s, 1, 12, now - 600000)) end
if {placed} and not (find(s, tag, 1, true) and seek(s, tag, 7, 12)) then
  if #s >= {orders_bytes} then s = sub(s, 13) end
  s = append(s, 1, 12, stamp)
  v['{orders}'], changed = s, true
end
local orders = #s / 12

local sold, lately = 0, 0
s = v['{sold}'] or ZERO8
if #s > 8 then
  sold, t = get('>dI6', s)
  if t <= now - {day} then s, sold = shed_m(s, sold, now - {day}) end
end
if amount > 0 and not buys and not (find(s, tag, 9, true) and seek(s, tag, 15, 19)) then
  sold = sold + amount
  s = append(s, 9, 19, stamp .. sub(arg, 62, 68))
  if #s > {sold_bytes} then s = merge_m(s) end
  v['{sold}'], changed = put('>d', sold) .. sub(s, 9), true
end
for i = #s - 18, 9, -19 do
  if get('>I6', s, i) + {half_hour} <= now then break end
  lately = lately + get('>I7', s, i + 12)
end

local bought = 0
s = v['{bought}'] or ZERO10
if #s > 10 then
  bought, t = get('>dxxI6', s)
  if t <= now - {day} then s, bought = shed_M(s, bought, 0, now - {day}) end
end
if amount > 0 and buys and not (find(s, tag, 11, true) and seek(s, tag, 17, 25)) then
  bought = bought + amount
  s = append(s, 11, 25, stamp .. sub(arg, 62, 68) .. symbol)
  if #s > {bought_bytes} then s = merge_M(s) end
  v['{bought}'], changed = put('>dI2', bought, 0) .. sub(s, 11), true
end
base = base .. put('>I4dddd', orders, sold, lately, bought, sum_M(s, symbol) + sum_M(s, ANYBODY))"""

_SESSION = """
local device = sub(arg, 1, 6)
if {may_note} and device ~= ZERO6 and (v.D or ZERO6) == ZERO6 then v.D, changed = device, true end
local theirs, last = v.D or ZERO6, v.S or 0
if now - last >= {grain} then v.S, changed = now, true end
local base = put('>I6', last) .. (theirs == ZERO6 and '\\0' or theirs == device and '\\1' or '\\2')"""

_DEVICE = """
local s, account = v['{accounts}'] or '', sub(arg, 1, 6)
if s ~= '' and get('>I6', s) <= now - {day} then s = sub(s, alive(s, 1, 12, now - {day})) end
if account ~= ZERO6 then
  local t, at = now - now % {part} + {part} - 1, seek(s, account, 7, 12)
  if not at or get('>I6', s, at - 6) < t then
    if at then s = without(s, at - 6, 12) elseif #s >= {bytes} then s = sub(s, 13) end
    s = s .. put('>I6', t) .. account
    v['{accounts}'], changed = s, true
    if need < t + {day} then need = t + {day} end
  end
end
local token, proof, cloned, again = sub(arg, 7, 14), sub(arg, 15, 20), 0, 0
local serial, newest = get('>I2', token), v.T
if newest and byte(newest, 15) == 1 then
  cloned = 1
elseif newest and token ~= sub(newest, 1, 8) and not (serial > get('>I2', newest)) then
  if get('>I6', newest, 9) + {tabs} <= now then
    cloned, newest = 1, sub(newest, 1, 14) .. '\\1'
  elseif serial == get('>I2', newest) then
    newest = token .. sub(stamp, 1, 6) .. '\\0'
  end
elseif serial > 0 and not (newest and token == sub(newest, 1, 8)) then
  newest = token .. sub(stamp, 1, 6) .. '\\0'
end
if newest ~= v.T then
  v.T, changed = newest, true
  if need < now + {keep} then need = now + {keep} end
end
if proof ~= ZERO6 then
  local p = v.R or ''
  if p ~= '' and get('>I6', p) <= now - {proof} then p = sub(p, alive(p, 1, 16, now - {proof})) end
  local at = seek(p, proof, 7, 16)
  if at then
    again = sub(p, at + 6, at + 9) ~= brief and 1 or 0
  else
    if #p >= {proof_bytes} then p = sub(p, 17) end
    v.R, changed = p .. sub(stamp, 1, 6) .. proof .. brief, true
    if need < now + {proof} then need = now + {proof} end
  end
end
local base = put('>I2BB', #s / 12, cloned, again)"""

# Only read here: whether the session is unusual is not known before the reply. Settling adds this event.
_SYMBOL = """
local s, account, total, buyers, t = v['{unusual}'] or ZERO10, sub(arg, 1, 6), 0, 0
if #s > 10 then
  total, buyers, t = get('>dI2I6', s)
  if t <= now - {hour} then
    s, total, buyers = shed_M(s, total, buyers, now - {hour})
    v['{unusual}'] = put('>dI2', total, buyers) .. sub(s, 11)
  end
end
local base = put('>dI2B', total, buyers, seek(s, account, 30, 25) and 1 or 0)
local e = v.E
if e then
  local counts = {{}}
  for i = 1, {windows} do counts[i] = 0 end
  for i = #e - {row} + 1, 1, -{row} do
    local age = now - get('>I6', e, i)
    if age >= {day} then break end
    if sub(e, i + 6, i + 11) ~= account then
      local first = age < 600000 and 1 or age < 7200000 and 2 or 3
      local b = (first - 1) * {steps} + byte(e, i + 12) + 1
      if counts[b] < 255 then counts[b] = counts[b] + 1 end
    end
  end
  base = base .. '\\1' .. string.char(unpack(counts))
else
  base = base .. '\\0'
end"""


def account(*, with_order: bool, places_order: bool, ttl_ms: int, trust_ms: int) -> str:
    """The profile entries of the event's own values; of an order also what was traded, this order included."""
    operands = [*enumerate(("fp", "ip", "net", "asn", "cc", "br", "hr"), start=1), (_CARRIER, "an")]
    operands += [(8, "sym"), (9, "mkt")] if with_order else []
    text = _KNOWN.format(ttl=ttl_ms, trust=trust_ms)
    text += "".join(
        _ENTRY.format(field=field, start=6 * place + 1, end=6 * place + 6) for place, field in operands
    )
    traits = 6 * (10 if with_order else 8) + 1 + (8 if with_order else 0)
    text += _LOOKS.format(
        traits=traits,
        traits_end=traits + TRAITS * TRAIT_BYTES - 1,
        row=LOOKS,
        ttl=ttl_ms,
        trust=trust_ms,
        counts=", ".join(_COUNT.format(field=field) for field in NUMBERED),
    )
    if with_order:
        text += _TRADES.format(
            orders=ORDERS,
            sold=SOLD,
            bought=BOUGHT,
            placed=str(places_order).lower(),
            day=DAY_MS,
            half_hour=HALF_HOUR_MS,
            orders_bytes=12 * ORDERS_KEPT,
            sold_bytes=8 + 19 * ROWS,
            bought_bytes=10 + 25 * 2 * ROWS,
        )
    return text


def session(*, starts: bool) -> str:
    """When it was seen before, and whether it is its device; one that has none yet takes it, but not at its start."""
    # A browser that had no cookie at its sign-in shows its id from the next event on: that one is the session's.
    return _SESSION.format(may_note=str(not starts).lower(), grain=SEEN_GRAIN_MS)


def device() -> str:
    """How many accounts were on this device in 24 hours, whether its cookie has a double, and its proof came before.

    An account is counted for 15 minutes too long at most. A cookie that is older than the newest one seen, or another
    one of the same generation, marks the device for good, but in the first minute. A proof of the same event is no
    other one: an event may be measured twice.
    """
    return _DEVICE.format(
        accounts=DEVICE_ACCOUNTS,
        day=DAY_MS,
        part=ACCOUNTS_PART_MS,
        bytes=12 * ACCOUNTS_KEPT,
        tabs=TABS_MS,
        keep=TOKEN_MS,
        proof=PROOF_MS,
        proof_bytes=16 * PROOFS_KEPT,
    )


def symbol() -> str:
    """Buys from unusual sessions in the last hour: their sum, how many accounts, and whether this one is one."""
    return _SYMBOL.format(
        unusual=UNUSUAL, hour=HOUR_MS, day=DAY_MS, row=EVIDENCE, steps=STEPS, windows=WINDOWS * STEPS
    )
