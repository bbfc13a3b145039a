-- What each strategy does with its states: as the file of the same name in src/strategy does. A kind is built where it
-- is met, because this script is run from the beginning for each question.
--
-- Of each kind: `ask` reads parameters from the question (all have `limit`, the most that is ever admitted at once);
-- `read` and `write` a state's text; `last`, `used` and `untouched` look at a state by the parameters in it; `fresh`
-- makes one; `keeps` says whether it goes on under other parameters; `check` tells from when on there is room (nothing:
-- now); `charge` tells the mark; `view` tells what is left, the window, and when all is there again.
-- `at` is always an instant that is not before `last`.

local build = {}
local kinds = {}

local function kind(letter)
  local it = kinds[letter]
  if not it then
    it = build[letter]()
    kinds[letter] = it
  end
  return it
end

-- Windows of the calendar that the question should have told: by its place the instant they are needed around.
local again = {}

local function plus(a, b)
  return min(a + b, MAX)
end

local function minus(a, b)
  return max(a - b, 0)
end

-- The text of many numbers: a bounded part of them at once, because arguments are limited.
local function listed(numbers)
  local parts = {}
  for from = 1, #numbers, 1000 do
    local to = min(from + 999, #numbers)
    parts[#parts + 1] = format(rep(' %.0f', to - from + 1), unpack(numbers, from, to))
  end
  return table.concat(parts)
end

-- The numbers of such a text from the `from`th on; nothing if it is none.
local function numbers_of(text)
  if not match(text, '^%u[ %d]+$') then return nil end
  local numbers, count = {}, 0
  for digits in gmatch(text, ' (%d+)') do
    local number = tonumber(digits)
    if number > MAX then return nil end
    count = count + 1
    numbers[count] = number
  end
  return numbers, count
end

-- Takes the first `count` of the numbers away.
local function behead(numbers, count)
  if count == 0 then return numbers end
  local rest = {}
  for i = count + 1, #numbers do
    rest[i - count] = numbers[i]
  end
  return rest
end
