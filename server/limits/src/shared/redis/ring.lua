build.R = function()
  -- The first slot that still counts.
  local function oldest(s, at)
    return minus(max(floor(at / s.len), s.newest), s.n - 1)
  end
  local function free_at(s, slot)
    return min((slot + s.n) * s.len, MAX)
  end
  local function used(s, at)
    local sum = 0
    for slot = oldest(s, at), s.newest do
      sum = sum + s.counts[slot % s.n + 1]
    end
    return min(sum, MAX)
  end
  local function untouched(s)
    local at = min(s.newest * s.len, MAX)
    for slot = s.newest, oldest(s, at), -1 do
      if s.counts[slot % s.n + 1] > 0 then return free_at(s, slot) end
    end
    return at
  end
  return {
    ask = function(number)
      local p = { limit = number(), window = number(), n = number() + 1 }
      p.len = ceil(p.window / (p.n - 1))
      return p
    end,
    read = function(text)
      local numbers, count = numbers_of(text)
      if not numbers or count < 5 or numbers[2] == 0 then return nil end
      return { since = numbers[1], len = numbers[2], newest = numbers[3], counts = behead(numbers, 3), n = count - 3 }
    end,
    write = function(s)
      return format('R %.0f %.0f %.0f', s.since, s.len, s.newest) .. listed(s.counts)
    end,
    last = function(s) return min(s.newest * s.len, MAX) end,
    used = used,
    untouched = untouched,
    fresh = function(p, at)
      local counts = {}
      for i = 1, p.n do
        counts[i] = 0
      end
      return { len = p.len, newest = floor(at / p.len), counts = counts, n = p.n }
    end,
    keeps = function(p, s) return s.len == p.len and s.n == p.n end,
    check = function(p, s, at, cost)
      local over = used(s, at) - (p.limit - cost)
      if over <= 0 then return nil end
      local freed = 0
      for slot = oldest(s, at), s.newest do
        freed = freed + s.counts[slot % s.n + 1]
        if freed >= over then return free_at(s, slot) end
      end
      return free_at(s, s.newest)
    end,
    charge = function(_, s, at, cost)
      local slot = max(floor(at / s.len), s.newest)
      for ahead = 1, min(slot - s.newest, s.n) do
        s.counts[(s.newest + ahead) % s.n + 1] = 0
      end
      s.newest = slot
      local place = slot % s.n + 1
      s.counts[place] = plus(s.counts[place], cost)
      return slot
    end,
    refund = function(_, s, _, mark, back)
      if mark <= s.newest and mark + s.n - 1 >= s.newest then
        local place = mark % s.n + 1
        s.counts[place] = minus(s.counts[place], back)
      end
    end,
    view = function(p, s, at)
      return minus(p.limit, used(s, at)), p.window, max(untouched(s), at)
    end,
  }
end
