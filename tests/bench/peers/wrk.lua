-- Sends the requests of a file in turn, and prints what came of it as one line of JSON.
--
-- wrk -s wrk.lua URL -- REQUESTS [BODY] [once]
--
-- A line of REQUESTS: METHOD, target, and headers as `name: value`, with tabs between them. The file BODY is the body of
-- each request. With `once` it prints "sent" when the last request was sent, and goes on: whoever reads that interrupts it.

local requests, sent, once = {}, 0, false

function init(args)
  local body
  if args[2] and args[2] ~= "" then
    local file = assert(io.open(args[2], "rb"))
    body = file:read("*a")
    file:close()
  end
  once = args[3] == "once"
  for line in io.lines(args[1]) do
    local fields = {}
    for field in line:gmatch("[^\t]+") do fields[#fields + 1] = field end
    local headers = { Host = wrk.headers["Host"] }
    for number = 3, #fields do
      local name, value = fields[number]:match("^([^:]+): (.*)$")
      headers[name] = value
    end
    requests[#requests + 1] = wrk.format(fields[1], fields[2], headers, body)
  end
end

function request()
  sent = sent + 1
  if once and sent == #requests + 1 then
    io.write("sent\n")
    io.flush()
  end
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "statuses": %d, "broken": %d, "p50": %f, "p99": %f, "max": %f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
