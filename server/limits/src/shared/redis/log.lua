build.L = function()
  -- Calls are pairs (instant, cost) in one list. Where the first pair is that still counts.
  local function first(s, at)
    local i = 1
    while s.calls[i] and s.calls[i] + s.window <= at do
      i = i + 2
    end
    return i
  end
  local function used(s, at)
    local sum = 0
    for i = first(s, at), #s.calls, 2 do
      sum = sum + s.calls[i + 1]
    end
    return min(sum, MAX)
  end
  local function untouched(s)
    for i = #s.calls, 2, -2 do
      if s.calls[i] > 0 then return s.calls[i - 1] + s.window end
    end
    return s.calls[#s.calls - 1] or 0
  end
  return {
    ask = function(number)
      return { limit = number(), window = number() }
    end,
    read = function(text)
      local numbers, count = numbers_of(text)
      if not numbers or count < 2 or count % 2 == 1 or numbers[2] == 0 then return nil end
      for i = 5, count, 2 do
        if numbers[i - 2] >= numbers[i] then return nil end
      end
      return { since = numbers[1], window = numbers[2], calls = behead(numbers, 2) }
    end,
    write = function(s)
      return format('L %.0f %.0f', s.since, s.window) .. listed(s.calls)
    end,
    last = function(s) return s.calls[#s.calls - 1] or 0 end,
    used = used,
    untouched = untouched,
    fresh = function(p) return { window = p.window, calls = {} } end,
    keeps = function(p, s) return s.window == p.window end,
    check = function(p, s, at, cost)
      local over = used(s, at) - (p.limit - cost)
      if over <= 0 then return nil end
      local freed = 0
      for i = first(s, at), #s.calls, 2 do
        freed = freed + s.calls[i + 1]
        if freed >= over then return s.calls[i] + s.window end
      end
      return untouched(s)
    end,
    charge = function(_, s, at, cost)
      if cost == 0 then return at end
      s.calls = behead(s.calls, first(s, at) - 1)
      local calls = s.calls
      local count = #calls
      if count > 0 and calls[count - 1] == at then
        calls[count] = plus(calls[count], cost)
      elseif count > 0 and calls[count] == 0 then
        calls[count - 1], calls[count] = at, cost
      else
        calls[count + 1], calls[count + 2] = at, cost
      end
      return at
    end,
    refund = function(_, s, _, mark, back)
      local calls = s.calls
      for i = 1, #calls, 2 do
        if calls[i] == mark then
          calls[i + 1] = minus(calls[i + 1], back)
          -- The last stays even with nothing, so that the last instant is not forgotten.
          if calls[i + 1] == 0 and i + 1 < #calls then
            table.remove(calls, i)
            table.remove(calls, i)
          end
          return
        end
      end
    end,
    view = function(p, s, at)
      return minus(p.limit, used(s, at)), p.window, max(untouched(s), at)
    end,
  }
end
