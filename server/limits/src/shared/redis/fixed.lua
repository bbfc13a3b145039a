build.F = function()
  -- The window that an instant lies in.
  local function around(p, at)
    if p.len > 0 then
      local start = at - at % p.len
      return start, start + p.len
    end
    local told = p.told
    for i = 1, #told, 2 do
      if told[i] <= at and at < told[i + 1] then return told[i], told[i + 1] end
    end
    again[p.place] = again[p.place] or at
    return at, at + 1
  end
  -- The window under way, and what was used in it.
  local function rolled(p, s, at)
    if at < s.finish then return s.start, s.finish, s.used end
    local start, finish = around(p, at)
    return start, finish, 0
  end
  return {
    ask = function(number, text, place)
      local p = { place = place, limit = number(), shape = text(), len = number() }
      if p.len == 0 then
        p.told = { number(), number(), number(), number(), number(), number() }
      end
      return p
    end,
    read = function(text)
      local since, start, finish, used, shape = match(text, '^F (%d+) (%d+) (%d+) (%d+) (%d+)$')
      if not since then return nil end
      local s = { since = tonumber(since), start = tonumber(start), finish = tonumber(finish), used = tonumber(used) }
      s.shape = shape
      return max(s.since, s.start, s.finish, s.used) <= MAX and s or nil
    end,
    write = function(s)
      return format('F %.0f %.0f %.0f %.0f %s', s.since, s.start, s.finish, s.used, s.shape)
    end,
    last = function(s) return s.start end,
    used = function(s, at) return at < s.finish and s.used or 0 end,
    untouched = function(s) return s.used == 0 and s.start or s.finish end,
    fresh = function(p, at)
      local start, finish = around(p, at)
      return { start = start, finish = finish, used = 0, shape = p.shape }
    end,
    keeps = function(p, s, at)
      if s.shape ~= p.shape then
        local start, finish = around(p, at)
        if start == s.start and finish == s.finish then
          s.shape = p.shape
          s.dirty = true
        end
      end
      return s.shape == p.shape
    end,
    check = function(p, s, at, cost)
      local _, finish, used = rolled(p, s, at)
      return used + cost > p.limit and finish or nil
    end,
    charge = function(p, s, at, cost)
      local start, finish, used = rolled(p, s, at)
      s.start, s.finish, s.used, s.shape = start, finish, plus(used, cost), p.shape
      return start
    end,
    refund = function(_, s, _, mark, back)
      if s.start == mark then s.used = minus(s.used, back) end
    end,
    view = function(p, s, at)
      local start, finish, used = rolled(p, s, at)
      return minus(p.limit, used), finish - start, finish
    end,
  }
end
