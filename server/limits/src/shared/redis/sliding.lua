build.S = function()
  -- Start of the window under way, what was used in the one before it, and in it.
  local function rolled(s, at)
    local windows = floor((at - s.start) / s.len)
    if windows == 0 then return s.start, s.previous, s.current end
    return s.start + windows * s.len, windows == 1 and s.current or 0, 0
  end
  local function weighted(s, at)
    local start, previous, current = rolled(s, at)
    return plus(muldiv(previous, s.len - (at - start), s.len, true), current)
  end
  -- How far into the next window `amount` has faded to `room`.
  local function faded(len, amount, room)
    return len - min(muldiv(len, room, max(amount, 1)), len)
  end
  local function untouched(s, start, previous, current)
    if current > 0 then return start + 2 * s.len end
    return previous > 0 and start + s.len or start
  end
  return {
    ask = function(number)
      return { limit = number(), len = number() }
    end,
    read = function(text)
      local since, start, len, previous, current = match(text, '^S (%d+) (%d+) (%d+) (%d+) (%d+)$')
      if not since then return nil end
      local s = { since = tonumber(since), start = tonumber(start), len = tonumber(len) }
      s.previous, s.current = tonumber(previous), tonumber(current)
      return s.len > 0 and max(s.since, s.start, s.len, s.previous, s.current) <= MAX and s or nil
    end,
    write = function(s)
      return format('S %.0f %.0f %.0f %.0f %.0f', s.since, s.start, s.len, s.previous, s.current)
    end,
    last = function(s) return s.start end,
    used = weighted,
    untouched = function(s) return untouched(s, s.start, s.previous, s.current) end,
    fresh = function(p, at)
      return { start = at - at % p.len, len = p.len, previous = 0, current = 0 }
    end,
    keeps = function(p, s) return s.len == p.len end,
    check = function(p, s, at, cost)
      if weighted(s, at) + cost <= p.limit then return nil end
      local start, previous, current = rolled(s, at)
      local taken = current + cost
      if taken <= p.limit then return start + faded(s.len, previous, p.limit - taken) end
      return start + s.len + faded(s.len, current, p.limit - cost)
    end,
    charge = function(_, s, at, cost)
      s.start, s.previous, s.current = rolled(s, at)
      s.current = plus(s.current, cost)
      return s.start
    end,
    refund = function(_, s, at, mark, back)
      s.start, s.previous, s.current = rolled(s, at)
      if mark == s.start then
        s.current = minus(s.current, back)
      elseif mark + s.len == s.start then
        s.previous = minus(s.previous, back)
      end
    end,
    view = function(p, s, at)
      local start, previous, current = rolled(s, at)
      return minus(p.limit, weighted(s, at)), p.len, max(untouched(s, start, previous, current), at)
    end,
  }
end
