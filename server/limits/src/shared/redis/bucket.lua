build.B = function()
  -- A product that passes MAX is not exact, but more than whatever it is taken from.
  local function drained(s, at)
    return minus(s.used, (at - s.at) * s.tokens)
  end
  local function owed_at(s, at)
    return minus(s.owed, (at - s.at) * s.tokens)
  end
  return {
    ask = function(number)
      local p = { tokens = number(), per = number(), burst = number() }
      p.capacity = min(p.burst * p.per, MAX)
      p.limit = floor(p.capacity / p.per)
      return p
    end,
    read = function(text)
      local since, at, used, owed, tokens, per, burst, charged =
        match(text, '^B (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
      if not since then return nil end
      since, at, used, owed = tonumber(since), tonumber(at), tonumber(used), tonumber(owed)
      tokens, per, burst, charged = tonumber(tokens), tonumber(per), tonumber(burst), tonumber(charged)
      if tokens == 0 or per == 0 or max(since, at, used, owed, tokens, per, burst, charged) > MAX then return nil end
      return {
        since = since, at = at, used = used, owed = owed,
        tokens = tokens, per = per, burst = burst, charged = charged,
      }
    end,
    write = function(s)
      return format('B %.0f %.0f %.0f %.0f %.0f %.0f %.0f %.0f',
        s.since, s.at, s.used, s.owed, s.tokens, s.per, s.burst, s.charged)
    end,
    last = function(s) return s.at end,
    used = function(s, at) return ceil(drained(s, at) / s.per) end,
    owes = function(s, at) return ceil(owed_at(s, at) / s.per) end,
    untouched = function(s) return plus(s.at, ceil(s.owed / s.tokens)) end,
    fresh = function(p, at)
      return { at = at, used = 0, owed = 0, tokens = p.tokens, per = p.per, burst = p.burst, charged = 0 }
    end,
    keeps = function(p, s, at)
      if s.tokens == p.tokens and s.per == p.per and s.burst == p.burst then return true end
      local by_old = muldiv(owed_at(s, at), p.per, s.per, true)
      local by_new = minus(muldiv(s.owed, p.per, s.per, true), (at - s.at) * p.tokens)
      s.owed = max(by_old, by_new)
      s.used = min(s.owed, p.capacity)
      -- Receipts stay good as long as nothing was let go.
      if s.used ~= s.owed then s.since = max(at, s.since + 1) end
      s.at, s.tokens, s.per, s.burst, s.dirty = at, p.tokens, p.per, p.burst, true
      return true
    end,
    check = function(p, s, at, cost)
      local over = drained(s, at) - (p.capacity - cost * p.per)
      return over > 0 and plus(at, ceil(over / p.tokens)) or nil
    end,
    charge = function(p, s, at, cost)
      local units = cost * p.per
      s.owed, s.used = plus(owed_at(s, at), units), plus(drained(s, at), units)
      s.at, s.charged = at, plus(s.charged, cost)
      return s.charged
    end,
    refund = function(p, s, at, mark, back)
      -- A counter that ran over tells nothing any more.
      local after = s.charged == MAX and MAX or minus(s.charged, mark)
      local least, units = after * p.per, back * p.per
      local owed, used = owed_at(s, at), drained(s, at)
      s.owed = min(max(minus(owed, units), least), owed)
      s.used = min(max(minus(used, units), least), used)
      s.at = at
    end,
    view = function(p, s, at)
      local used = drained(s, at)
      local left = floor(minus(p.capacity, used) / p.per)
      return min(left, p.burst), ceil(p.capacity / p.tokens), plus(at, ceil(used / p.tokens))
    end,
  }
end
