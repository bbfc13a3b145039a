-- Whole numbers in doubles. Every number here is from 0 to MAX, so that it is exact. What would be larger is MAX.
-- (The quotient of two such numbers, rounded up or down, is exact as well; a product is not, if it passes MAX.)

local MAX = 9007199254740991
local floor, ceil, min, max = math.floor, math.ceil, math.min, math.max
local format, match, gmatch, rep, unpack = string.format, string.match, string.gmatch, string.rep, unpack

-- What x * y is beyond p, the double nearest to it: both together are exact (Dekker's product).
local function beyond(x, y, p)
  local cx, cy = x * 134217729, y * 134217729
  local hx, hy = cx - (cx - x), cy - (cy - y)
  local lx, ly = x - hx, y - hy
  return ((hx * hy - p) + hx * ly + lx * hy) + lx * ly
end

-- a * b / c, rounded down, or up: exact.
local function muldiv(a, b, c, up)
  local p = a * b
  if p <= MAX then
    return up and ceil(p / c) or floor(p / c)
  end
  -- The quotient of the doubles is wrong by a few at most: the exact remainder tells which way.
  local low = beyond(a, b, p)
  local q = min(floor(p / c), MAX)
  while true do
    local t = q * c
    local r = (p - t) + (low - beyond(q, c, t))
    if r < 0 then
      q = q - 1
    elseif r >= c then
      if q == MAX then return MAX end
      q = q + 1
    else
      return up and r > 0 and min(q + 1, MAX) or q
    end
  end
end
