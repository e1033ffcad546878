"""A small limit as a call, for tests of the transport: it lets so many different tags through on each key."""

from __future__ import annotations

from collections.abc import Sequence

from authshield.measure import Store
from authshield.measure.calls import Call, Script

LIMIT = Script("""
local tag, names = string.match(ARGV[1], '^(%S+) (.*)$')
local replies = {}
for _ in string.gmatch(names, '[^,]+') do
  local at = #replies + 1
  local key, most = KEYS[at], tonumber(ARGV[1 + at])
  local is_in = redis.call('SISMEMBER', key, tag) == 1
  if not is_in and redis.call('SCARD', key) < most then
    is_in = true
    redis.call('SADD', key, tag)
  end
  replies[at] = is_in and 'through' or 'over'
end
local count = #replies
local packed = cmsgpack.pack(replies)
if #ARGV > 1 + count then
  redis.call('XADD', KEYS[count + 1], '*', 'k', ARGV[2 + count], 'b', ARGV[3 + count], 'r', packed)
end
return packed
""")


def attempt(
    tag: str, keys: Sequence[str], most: int, *, script: Script = LIMIT, blob: bytes | None = None
) -> Call:
    """One attempt that counts on these keys; with ``blob`` it leaves an entry in the stream."""
    entry = None if blob is None else (b"seen", blob, b"1000")
    sections = tuple("s" for _ in keys)
    return Call(script, sections, tuple(keys), f"{tag} ".encode(), (b"%d" % most,) * len(keys), entry)


def is_through(store: Store, tag: str, keys: Sequence[str], most: int) -> bool:
    """Whether an attempt is under the limit of each key."""
    ((*replies,),) = store.run([attempt(tag, keys, most)])
    return all(reply == b"through" for reply in replies)
