"""The load of LoadBenchmark by asyncio and aiohttp: one coroutine a stream, one time.perf_counter_ns a chunk of content.

Reads lines as vLLM's benchmark does (response.content, split at blank lines), parses each event with json.
"""
import asyncio
import json
import resource
import sys
import time

import aiohttp

URL, STREAMS, RATE, TOKENS = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
PROMPT = " ".join(["word"] * 64)


async def stream(session, tokens):
    body = json.dumps(
        {"model": "schedule", "messages": [{"role": "user", "content": PROMPT}], "max_tokens": tokens, "stream": True},
        separators=(",", ":"))
    due = time.perf_counter_ns()
    times, ident, usage = [], None, None
    async with session.post(URL + "v1/chat/completions", data=body, headers={"Content-Type": "application/json"}) as response:
        async for line in response.content:
            now = time.perf_counter_ns()
            line = line.strip()
            if not line.startswith(b"data: ") or line == b"data: [DONE]":
                continue
            event = json.loads(line[6:])
            ident = event["id"]
            usage = event.get("usage") or usage
            if event["choices"] and event["choices"][0]["delta"].get("content"):
                times.append(now)
    return due, ident, times, usage


def percentile(values, fraction):
    values = sorted(values)
    rank = fraction * (len(values) - 1)
    low = int(rank)
    high = min(low + 1, len(values) - 1)
    return values[low] + (rank - low) * (values[high] - values[low])


async def main():
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=600)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        await asyncio.gather(*[stream(session, 4) for _ in range(STREAMS)])
        before = resource.getrusage(resource.RUSAGE_SELF)
        results = await asyncio.gather(*[stream(session, TOKENS) for _ in range(STREAMS)])
        after = resource.getrusage(resource.RUSAGE_SELF)
        async with session.get(URL + "sent") as response:
            sent = {s["id"]: s for s in json.loads(await response.read())["streams"]}
    errors, ttft, late = [], [], []
    tokens = server_tokens = 0
    for due, ident, times, usage in results:
        account = sent[ident]
        tokens += usage["completion_tokens"]
        server_tokens += len(account["sent"])
        errors += [abs(a - b) / 1e6 for a, b in zip(times, account["sent"])]
        late += [(b - account["firstDue"] - i * account["interval"]) / 1e6 for i, b in enumerate(account["sent"])]
        ttft.append(abs(times[0] - due - (account["sent"][0] - account["receivedAt"])) / 1e6)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(f"| aiohttp {aiohttp.__version__} | {STREAMS} x {RATE:.0f} | {percentile(errors, .5):.3f} / {percentile(errors, .99):.3f} / {max(errors):.3f} "
          f"| {percentile(ttft, .5):.3f} / {percentile(ttft, .99):.3f} | {percentile(late, .99):.3f} | {cpu * 1e6 / tokens:.2f} | {tokens} / {server_tokens} |", flush=True)


asyncio.run(main())
