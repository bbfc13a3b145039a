build.H = function()
  -- Leases are triples (id, expires, places) in one list, the first to expire first. Where the first is that is held.
  local function first(s, at)
    local i = 1
    while s.leases[i] and s.leases[i + 1] <= at do
      i = i + 3
    end
    return i
  end
  local function see(s, at)
    s.leases = behead(s.leases, first(s, at) - 1)
    s.at = max(s.at, at)
  end
  local function insert(s, id, expires, places)
    local leases = s.leases
    local i = #leases + 1
    while i > 1 and leases[i - 2] > expires do
      i = i - 3
      leases[i + 3], leases[i + 4], leases[i + 5] = leases[i], leases[i + 1], leases[i + 2]
    end
    leases[i], leases[i + 1], leases[i + 2] = id, expires, places
  end
  local function find(s, id)
    for i = 1, #s.leases, 3 do
      if s.leases[i] == id then return i end
    end
  end
  local function remove(s, i)
    for _ = 1, 3 do
      table.remove(s.leases, i)
    end
  end
  local function used(s, at)
    local sum = 0
    for i = first(s, at), #s.leases, 3 do
      sum = sum + s.leases[i + 2]
    end
    return min(sum, MAX)
  end
  local function untouched(s) return s.leases[#s.leases - 1] or s.at end
  return {
    ask = function(number)
      return { limit = number(), lease = number() }
    end,
    read = function(text)
      local numbers, count = numbers_of(text)
      if not numbers or count < 3 or count % 3 ~= 0 then return nil end
      for i = 8, count, 3 do
        if numbers[i - 3] > numbers[i] then return nil end
      end
      return { since = numbers[1], at = numbers[2], next = numbers[3], leases = behead(numbers, 3) }
    end,
    write = function(s)
      return format('H %.0f %.0f %.0f', s.since, s.at, s.next) .. listed(s.leases)
    end,
    last = function(s) return s.at end,
    used = used,
    untouched = untouched,
    fresh = function(_, at) return { at = at, next = 0, leases = {} } end,
    keeps = function() return true end,
    check = function(p, s, at, places)
      local over = used(s, at) - (p.limit - places)
      if over <= 0 then return nil end
      local freed, from = 0, at
      for i = first(s, at), #s.leases, 3 do
        freed = freed + s.leases[i + 2]
        if freed >= over then
          from = s.leases[i + 1]
          break
        end
      end
      -- When a place is free nobody knows: whoever finds none comes again in a second.
      return min(from, at + 1000000)
    end,
    charge = function(p, s, at, places)
      local id = s.next
      s.next = plus(id, 1)
      see(s, at)
      if places > 0 then insert(s, id, at + p.lease, places) end
      return id
    end,
    renew = function(p, s, at, id)
      see(s, at)
      local i = find(s, id)
      if not i then return false end
      local places = s.leases[i + 2]
      remove(s, i)
      insert(s, id, at + p.lease, places)
      return true
    end,
    resize = function(_, s, at, id, places)
      see(s, at)
      local i = find(s, id)
      if not i then return end
      if places == 0 then
        remove(s, i)
      else
        s.leases[i + 2] = places
      end
    end,
    view = function(p, s, at)
      return minus(p.limit, used(s, at)), p.lease, max(untouched(s), at)
    end,
  }
end
