"""The wire without a lab: what it forwards, counts, breaks and loses, byte by byte."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from lab.line import NOISE
from lab.wire import SwitchWire, Traffic, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

ADDRESS = "127.46.0.1"
LARGE = bytes(range(256)) * 8192


class Bench:
    """A wire, a switch behind it that answers each line in capitals, and clients."""

    def __init__(self, wire: SwitchWire, port: int) -> None:
        self.wire, self.port = wire, port
        self.requests: list[bytes] = []
        self.clients: list[Client] = []

    async def client(self) -> Client:
        reader, writer = await asyncio.open_connection(ADDRESS, self.port)
        self.clients.append(Client(reader, writer))
        return self.clients[-1]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while request := await reader.readline():
                self.requests.append(request)
                writer.write(request.upper())
        writer.close()


class Client:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def say(self, words: bytes) -> None:
        self.writer.write(words)

    async def hear(self) -> bytes:
        return await asyncio.wait_for(self.reader.read(65536), 60)

    async def ask(self, words: bytes) -> bytes:
        self.say(words)
        return await self.hear()

    async def is_reset(self) -> bool:
        try:
            return await self.hear() == b"never"
        except ConnectionResetError:
            return True

    async def hears_nothing(self) -> bool:
        try:
            await asyncio.wait_for(self.reader.read(1), 0.1)
        except TimeoutError:
            return True
        return False


@contextlib.asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    # A socket that was given its port keeps it while it does not listen.
    with socket.create_server((ADDRESS, 0)) as free:
        name = free.getsockname()
    public = socket.create_server(name)
    behind = socket.create_server((ADDRESS, 0))

    async def inward(_public: tuple[str, int]) -> socket.socket:
        return await connect(behind.getsockname())

    wire = SwitchWire({"ssh": public}, inward)
    one = Bench(wire, public.getsockname()[1])
    server = await asyncio.start_server(one.answer, sock=behind, limit=2**22)
    wire.start()
    try:
        yield one
    finally:
        wire.fault("hang", on=False, how={})
        for client in one.clients:
            client.writer.transport.abort()
        wire._cut_all()
        await asyncio.sleep(0)
        tasks = tuple(wire._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        server.close()
        public.close()


def on_a_bench(story: Callable[[Bench], Awaitable[None]]) -> Callable[[], None]:
    """Make a test of a story that happens on a bench of its own."""

    async def play() -> None:
        async with bench() as one:
            await story(one)

    def test() -> None:
        asyncio.run(play())

    return test


@on_a_bench
async def test_a_scripted_exchange_is_counted_exactly(one: Bench) -> None:
    first, second = await one.client(), await one.client()
    assert await first.ask(b"one\n") == b"ONE\n"
    assert await first.ask(b"two\n") == b"TWO\n"
    assert await second.ask(b"three\n") == b"THREE\n"
    assert await first.ask(b"four\n") == b"FOUR\n"
    assert one.wire.traffic == Traffic(connections=2, round_trips=4, sent=19, received=19)


@on_a_bench
async def test_what_is_sent_without_waiting_is_one_round_trip(one: Bench) -> None:
    client = await one.client()
    for _ in range(3):
        client.say(b"a word ")
        await asyncio.sleep(0.01)
    assert await client.ask(b"and its end\n") == b"A WORD A WORD A WORD AND ITS END\n"
    assert one.wire.traffic == Traffic(connections=1, round_trips=1, sent=33, received=33)


@on_a_bench
async def test_much_arrives_whole_and_an_end_is_passed_on(one: Bench) -> None:
    client = await one.client()
    client.say(LARGE.replace(b"\n", b" ") + b"\n")
    client.writer.write_eof()
    assert await client.reader.read() == LARGE.replace(b"\n", b" ").upper() + b"\n"


@on_a_bench
async def test_refused_connections_are_refused_and_open_ones_reset(one: Bench) -> None:
    client = await one.client()
    assert await client.ask(b"one\n") == b"ONE\n"
    one.wire.fault("refuse", on=True, how={})
    assert await client.is_reset()
    with pytest.raises(ConnectionRefusedError):
        await one.client()
    one.wire.fault("refuse", on=False, how={})
    assert await (await one.client()).ask(b"two\n") == b"TWO\n"


async def _let_in(one: Bench) -> Client:
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            return await one.client()
        await asyncio.sleep(0.02)


@on_a_bench
async def test_away_ends_by_itself_but_not_what_else_refuses(one: Bench) -> None:
    one.wire.away(1)
    with pytest.raises(ConnectionRefusedError):
        await one.client()
    client = await asyncio.wait_for(_let_in(one), 60)
    assert await client.ask(b"one\n") == b"ONE\n"
    one.wire.fault("refuse", on=True, how={})
    one.wire.away(0.05)
    await asyncio.sleep(0.1)
    with pytest.raises(ConnectionRefusedError):
        await one.client()


@on_a_bench
async def test_dropped_connections_are_reset_old_and_new(one: Bench) -> None:
    client = await one.client()
    assert await client.ask(b"one\n") == b"ONE\n"
    one.wire.fault("drop", on=True, how={})
    assert await client.is_reset()
    assert await (await one.client()).is_reset()
    one.wire.fault("drop", on=False, how={})
    assert await (await one.client()).ask(b"two\n") == b"TWO\n"
    assert one.requests == [b"one\n", b"two\n"]


async def drop_later(one: Bench, *, after: int, lost: str, how: dict[str, Any]) -> None:
    bystander, client = await one.client(), await one.client()
    assert await bystander.ask(b"hello\n") == b"HELLO\n"
    one.wire.fault("drop", on=True, how={"after": after, **how})
    for number in range(after):
        words = b"%d times\n" % number
        assert await client.ask(words) == words.upper()
    client.say(b"last\n")
    assert await client.is_reset()
    assert await bystander.is_reset()
    heard = [b"last\n"] if lost == "answer" else []
    assert one.requests[1 + after :] == heard
    # Only once: what comes now is served.
    again = await one.client()
    assert await again.ask(b"again\n") == b"AGAIN\n"
    assert await again.ask(b"and again\n") == b"AND AGAIN\n"


@pytest.mark.parametrize("after", [0, 1, 3])
@pytest.mark.parametrize(
    ("lost", "how"),
    [("answer", {}), ("answer", {"lost": "answer"}), ("request", {"lost": "request"})],
)
def test_a_drop_comes_later_and_loses_what_it_is_told_to(
    after: int, lost: str, how: dict[str, Any]
) -> None:
    on_a_bench(partial(drop_later, after=after, lost=lost, how=how))()


@on_a_bench
async def test_a_drop_that_is_still_to_come_can_be_called_off(one: Bench) -> None:
    client = await one.client()
    one.wire.fault("drop", on=True, how={"after": 0})
    one.wire.fault("drop", on=False, how={})
    assert await client.ask(b"one\n") == b"ONE\n"


@on_a_bench
async def test_what_hangs_goes_on_where_it_was(one: Bench) -> None:
    old = await one.client()
    assert await old.ask(b"one\n") == b"ONE\n"
    one.wire.fault("hang", on=True, how={})
    new = await one.client()
    old.say(b"two\n")
    new.say(b"three\n")
    assert await old.hears_nothing()
    assert await new.hears_nothing()
    assert one.requests == [b"one\n"]
    one.wire.fault("hang", on=False, how={})
    assert await old.hear() == b"TWO\n"
    assert await new.hear() == b"THREE\n"


@on_a_bench
async def test_noise_is_heard_once_on_each_connection(one: Bench) -> None:
    old = await one.client()
    assert await old.ask(b"one\n") == b"ONE\n"
    one.wire.fault("garbage", on=True, how={})
    assert await old.hear() == NOISE
    assert await old.ask(b"two\n") == b"TWO\n"
    new = await one.client()
    assert await new.hear() == NOISE
    assert await new.ask(b"three\n") == b"THREE\n"
    one.wire.fault("garbage", on=False, how={})
    assert await (await one.client()).ask(b"four\n") == b"FOUR\n"
    one.wire.fault("garbage", on=True, how={})
    assert await old.hear() == NOISE


@on_a_bench
async def test_no_noise_is_heard_behind_the_end(one: Bench) -> None:
    client = await one.client()
    client.say(b"one\n")
    # The switch closes, as it hears no more; the client goes on listening.
    client.writer.write_eof()
    assert await client.reader.readline() == b"ONE\n"
    await asyncio.sleep(0.05)
    one.wire.fault("garbage", on=True, how={})
    assert await client.reader.read() == b""


@on_a_bench
async def test_a_delay_holds_for_each_round_trip_and_keeps_the_order(one: Bench) -> None:
    client = await one.client()
    one.wire.fault("delay", on=True, how={"ms": 400})
    for words in (b"one\n", b"two\n"):
        client.say(words)
        assert await client.hears_nothing()
        assert await client.hear() == words.upper()
    # Much at once is late once.
    client.say(LARGE.replace(b"\n", b" ") + b"\n")
    client.writer.write_eof()
    assert await client.reader.read() == LARGE.replace(b"\n", b" ").upper() + b"\n"
    one.wire.fault("delay", on=False, how={})
    assert one.wire.delay_s == 0


@on_a_bench
async def test_a_switch_that_does_not_listen_is_a_reset(one: Bench) -> None:
    async def nobody(_public: tuple[str, int]) -> socket.socket:
        raise ConnectionRefusedError

    one.wire._connect = nobody
    assert await (await one.client()).is_reset()


@on_a_bench
async def test_an_unknown_fault_is_none(one: Bench) -> None:
    with pytest.raises(ValueError, match="no fault gremlins"):
        one.wire.fault("gremlins", on=True, how={})
