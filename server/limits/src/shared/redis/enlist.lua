#!lua
-- Says that a process is here: KEYS[1] are names by when they expire (milliseconds of the server), ARGV the name and for
-- how long. The answer is how many are here by now.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local keeps = tonumber(ARGV[2])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', now + keeps), ARGV[1])
if redis.call('PTTL', KEYS[1]) < keeps then
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', keeps))
end
return redis.call('ZCARD', KEYS[1])
