-- Charges all windows of a limit, or none. KEYS has one key for each window, which expires when the window ends.
-- ARGV has the cost, then the limit and the milliseconds of each window. Says what each had used, and in how many
-- milliseconds it ends, before it was charged; 0 and 0 where none was under way.
local cost, allowed, found = tonumber(ARGV[1]), true, {}
for i, key in ipairs(KEYS) do
  local limit, per = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  local used, ends = tonumber(redis.call('GET', key) or 0), redis.call('PTTL', key)
  if ends <= 0 then
    used, ends = 0, 0
  elseif not used or used < 0 or used % 1 ~= 0 then
    return redis.error_reply('WRONGTYPE a key of limits holds no count')
  elseif ends > per then
    -- It began by a clock that has been set back since.
    redis.call('PEXPIRE', key, per)
    ends = per
  end
  found[2 * i - 1], found[2 * i] = used, ends
  if cost > limit - used then
    allowed = false
  end
end
if allowed and cost > 0 then
  for i, key in ipairs(KEYS) do
    if found[2 * i] == 0 then
      redis.call('SET', key, ARGV[1], 'PX', ARGV[2 * i + 1])
    else
      redis.call('INCRBY', key, ARGV[1])
    end
  end
end
return found
