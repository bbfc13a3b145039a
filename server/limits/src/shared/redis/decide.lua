-- What a question asks: `Local` and `decide::weigh` in the words of Lua. States are read first and written last, so that
-- a question that cannot be decided changes nothing.
--
-- KEYS: those to settle, those to renew, those that are asked, in that order; a key may come more than once.
-- ARGV: the instant, or `T`: the server's; how many to settle; how many to renew; then of each key its strategy (a
-- letter and its parameters), and of those to settle or renew the receipt (instant, cost, mark) and the real cost, of
-- the others 1 if in shadow, what the call takes, and up to how much may be taken. What takes more than is ever admitted
-- only looks: no state is changed for it.
-- The answer: 1, the instant, 1 if all leases are held; of each asked key 8 numbers: 0 fine, or 1 later (and the wait),
-- or 2 never (and the most); what is left; the window; when all is there again; instant, cost and mark of the charge,
-- with -1 as cost if there was none. Or 0, the instant, and pairs: of a key's place the instant around which it needs
-- windows of the calendar. Nothing was done then.

-- How long a state stays after it counts no more, in milliseconds.
local GRACE = 60000

-- How far a clock that decided may have been ahead, in microseconds: a hundred years. (No calendar has windows much later.)
local AHEAD = 3155760000000000

local now = ARGV[1]
if now == 'T' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(now)
end

local cursor = 3
local function text()
  cursor = cursor + 1
  return ARGV[cursor]
end
local function number()
  cursor = cursor + 1
  return tonumber(ARGV[cursor])
end

local function strategy(place)
  local letter = text()
  local p = kind(letter).ask(number, text, place)
  p.kind = letter
  return p
end

-- A state from its text. What is no state is as if there were none; so is one that has seen an instant which cannot have
-- been yet.
local function state_of(text)
  local letter = string.sub(text, 1, 1)
  if not build[letter] then return nil end
  local own, amount, till, most = text, 0, 0, 0
  if string.find(text, '+', 1, true) then
    own, amount, till, most = match(text, '^([^+]*) %+ (%d+) (%d+) (%d+)$')
  end
  local s = own and kind(letter).read(own)
  if not s then return nil end
  s.kind = letter
  s.amount, s.till, s.most = tonumber(amount), tonumber(till), tonumber(most)
  if max(s.amount, s.till, s.most) > MAX or kind(letter).last(s) > now + AHEAD then return nil end
  return s
end

local function text_of(s)
  local text = kind(s.kind).write(s)
  return s.amount > 0 and text .. format(' + %.0f %.0f %.0f', s.amount, s.till, s.most) or text
end

-- By key the state, or false.
local states = {}
for from = 1, #KEYS, 1000 do
  local to = min(from + 999, #KEYS)
  local texts = redis.call('MGET', unpack(KEYS, from, to))
  for i = from, to do
    local found = texts[i - from + 1]
    states[KEYS[i]] = found and state_of(found) or false
  end
end

local function guard(s)
  return max(now, kind(s.kind).last(s))
end

local function fresh(p, at, since)
  local s = kind(p.kind).fresh(p, at)
  s.kind, s.since, s.dirty = p.kind, since, true
  s.amount, s.till, s.most = 0, 0, 0
  return s
end

-- Charges what a change of the policy let go, as far as more is admitted at once by now.
local function find_again(p, s, at)
  if s.amount == 0 then return end
  local gone = at >= s.till
  if gone or p.limit > s.most then
    local found = gone and s.amount or min(s.amount, p.limit - s.most)
    s.amount, s.most, s.dirty = s.amount - found, p.limit, true
    if not gone then kind(p.kind).charge(p, s, at, found) end
  end
end

-- A state as the strategy goes on with it.
local function carried(p, s)
  local at, it = guard(s), kind(s.kind)
  if s.kind == p.kind and it.keeps(p, s, at) then
    find_again(p, s, at)
    return s
  end
  local owes, till = 0, max(it.untouched(s), s.since)
  if s.amount > 0 then till = max(till, s.till) end
  -- What counts places and what counts calls know nothing of each other.
  if (s.kind == 'H') == (p.kind == 'H') then
    owes = plus((it.owes or it.used)(s, at), at < s.till and s.amount or 0)
  end
  local used = min(owes, p.limit)
  -- Also the receipts of this very instant are void: what is charged after the change is dated behind it.
  s = fresh(p, at, max(at, s.since + 1))
  kind(p.kind).charge(p, s, at, used)
  if owes > used then s.amount, s.till, s.most = owes - used, till, p.limit end
  return s
end

local function carry_over(p, key)
  states[key] = carried(p, states[key])
  return states[key]
end

local copy
copy = function(of)
  local beside = {}
  for name, value in pairs(of) do
    beside[name] = type(value) == 'table' and copy(value) or value
  end
  return beside
end

-- The same beside the state, which stays as it is.
local function seen(p, s)
  return carried(p, copy(s))
end

local function settle(p, s, at, cost, mark, real)
  local it, good, instant = kind(p.kind), at > s.since, guard(s)
  if it.resize then
    if good then
      it.resize(p, s, instant, mark, real)
      s.dirty = true
    end
  elseif real > cost then
    it.charge(p, s, instant, real - cost)
    s.dirty = true
  elseif good and real < cost then
    it.refund(p, s, instant, mark, cost - real)
    s.dirty = true
  end
end

local settling, renewing = tonumber(ARGV[2]), tonumber(ARGV[3])
local held = 1

for place = 1, settling do
  local key, p = KEYS[place], strategy(place)
  local at, cost, mark, real = number(), number(), number(), number()
  if states[key] then
    settle(p, carry_over(p, key), at, cost, mark, real)
  else
    -- It was forgotten. Nothing is given back, but what is owed is owed.
    local s = fresh(p, now, max(now - 1, 0))
    settle(p, s, at, cost, mark, real)
    if kind(p.kind).used(s, guard(s)) > 0 then states[key] = s end
  end
end

for place = settling + 1, settling + renewing do
  local key, p = KEYS[place], strategy(place)
  local at, _, mark = number(), number(), number(), number()
  local s = states[key] and carry_over(p, key)
  if not s then
    held = 0
  elseif kind(p.kind).renew then
    local kept = false
    if at > s.since then
      kept = kind(p.kind).renew(p, s, guard(s), mark)
      s.dirty = true
    end
    if not kept then held = 0 end
  end
end

-- Checks all.
local answer = { 1, now, held }
local asked = {}
local admitted = true
for place = settling + renewing + 1, #KEYS do
  local key, p = KEYS[place], strategy(place)
  local shadow, takes, up_to = number(), number(), number()
  local verdict, tells = 0, 0
  if takes > p.limit then
    -- It only looks.
    verdict, tells = 2, p.limit
  elseif states[key] then
    local s = carry_over(p, key)
    local from = kind(p.kind).check(p, s, guard(s), takes)
    if from then verdict, tells = 1, max(from - now, 0) end
  end
  if verdict ~= 0 and shadow == 0 then admitted = false end
  asked[#asked + 1] = { key, p, takes, up_to, verdict, tells }
end

-- Charges all or none.
local last = 3
for _, ask in ipairs(asked) do
  local key, p, takes, up_to, verdict, tells = unpack(ask)
  local it = kind(p.kind)
  local s = states[key] or fresh(p, now, max(now - 1, 0))
  if verdict == 2 and states[key] then s = seen(p, s) end
  local at, cost, mark = guard(s), -1, 0
  if admitted and verdict == 0 then
    cost = takes
    if up_to > takes then cost = max(takes, min(up_to, (it.view(p, s, at)))) end
    mark = it.charge(p, s, at, cost)
    s.dirty = true
    states[key] = s
  end
  local left, window, reset = it.view(p, s, guard(s))
  answer[last + 1], answer[last + 2], answer[last + 3], answer[last + 4] = verdict, tells, left, window
  answer[last + 5], answer[last + 6], answer[last + 7], answer[last + 8] = reset, max(at, s.since + 1), cost, mark
  last = last + 8
end

if next(again) then
  answer = { 0, now }
  for place, at in pairs(again) do
    answer[#answer + 1] = place
    answer[#answer + 1] = at
  end
  return answer
end

for key, s in pairs(states) do
  if s and s.dirty then
    local it = kind(s.kind)
    local till = max(it.untouched(s), s.amount > 0 and s.till or 0)
    local stays = ceil(max(till - now, 0) / 1000) + GRACE
    redis.call('SET', key, text_of(s), 'PX', format('%.0f', stays))
  end
end
return answer
