"""Many people at once, each a WebSocket session that speaks as the browser does."""

from __future__ import annotations

import asyncio
import json
import random
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from time import perf_counter
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from lib import sessions
from lib.models import Person
from tests.benchmarks.pages import WORDS
from tests.server import Server

PAUSE = 5.0  # seconds from one person's click to their next
ARRIVAL = 15.0  # seconds within which everybody loads the page
KEPT_RUNS = 2  # runs for which the browser keeps large messages, so that a hash can stand for them
SELECTS = ("status", "type", "assignee", "payer", "provider", "age")
TEXTS = ("q", "from", "to")
EVENTS = "$$STREAMLIT_INTERNAL_KEY_{}__events"


@dataclass(frozen=True)
class Click:
    """One click, and how long its run took."""

    kind: str
    took: float  # milliseconds from the message to the end of its run
    shown: float  # milliseconds until what was asked for was there


@dataclass
class Load:
    """What a crowd measured."""

    clicks: list[Click] = field(default_factory=list)
    loads: list[Click] = field(default_factory=list)
    sessions: int = 0
    rss_before: float = 0.0  # MB, without any session
    rss_after: float = 0.0  # MB, with all sessions open
    rss_peak: float = 0.0


class Session:
    """One browser tab: what it shows, and what it would send."""

    def __init__(self, socket: ClientConnection, address: str, chance: random.Random) -> None:
        self.socket = socket
        self.address = address
        self.chance = chance
        self.ids: dict[str, str] = {}  # the widgets of the page, by key
        self.options: dict[str, list[str]] = {}
        self.values: dict[str, str] = {}
        self.shown: dict[str, Any] = {"rows": [], "pages": 1}  # the list's data
        self.answered = 0.0  # when what was asked for was there
        self.query = ""
        self.page_hash = ""
        self.run = 0
        self.kept: dict[str, tuple[int, ForwardMsg]] = {}
        self.turn = chance.randrange(3)

    async def load(self) -> Click:
        """Load the page."""
        return await self.ask("first load", {})

    async def click(self) -> Click:
        """Click a filter, a task or the next page; a filter if the list has nothing of the kind."""
        self.turn += 1
        if self.turn % 3 == 1 and self.shown["rows"]:
            row = self.chance.choice(self.shown["rows"])
            return await self.ask("task", {"kind": "open", "record": row["id"]})
        if self.turn % 3 == 2 and self.shown["pages"] > 1:
            page = self.shown["page"] % self.shown["pages"] + 1
            return await self.ask("next page", {"kind": "page", "page": page})
        if self.values and self.chance.random() < 0.5:
            self.values.pop(next(iter(self.values)))
            return await self.ask("filter", {})
        key = self.chance.choice((*SELECTS, "q"))
        self.values[key] = self.chance.choice(WORDS if key == "q" else self.options[key])
        return await self.ask("search" if key == "q" else "filter", {})

    async def ask(self, kind: str, action: dict[str, Any]) -> Click:
        """Send the values of the widgets, and what was done in the list; wait for the run's end."""
        self.run += 1
        self.kept = {h: k for h, k in self.kept.items() if self.run - k[0] <= KEPT_RUNS}
        start = self.answered = perf_counter()
        await self.socket.send(self._message(action).SerializeToString())
        while True:
            message = ForwardMsg.FromString(await self.socket.recv(decode=False))
            if message.WhichOneof("type") == "script_finished":
                if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    end = perf_counter()
                    return Click(kind, (end - start) * 1000, (self.answered - start) * 1000)
            else:
                self._take(message)

    def _message(self, action: dict[str, Any]) -> BackMsg:
        message = BackMsg()
        state = message.rerun_script
        state.query_string = self.query
        state.page_script_hash = self.page_hash
        state.cached_message_hashes.extend(self.kept)
        state.context_info.timezone = "America/Chicago"
        state.context_info.locale = "en-US"
        state.context_info.url = self.address
        for key in (*TEXTS, *SELECTS):
            if key in self.ids:
                widget = state.widget_states.widgets.add(id=self.ids[key])
                if key in TEXTS or key in self.values:
                    widget.string_value = self.values.get(key, "")
        if action:
            state.widget_states.widgets.add(
                id=EVENTS.format(self.ids["task_list"]),
                json_trigger_value=json.dumps([{"event": "action", "value": action}]),
            )
        return message

    def _take(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "ref_hash":
            message = self.kept[message.ref_hash][1]
            kind = message.WhichOneof("type")
        if kind == "navigation":
            self.page_hash = message.navigation.page_script_hash
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta" and message.delta.HasField("new_element"):
            self._show(message)

    def _show(self, message: ForwardMsg) -> None:
        if message.metadata.cacheable:
            self.kept[message.hash] = self.run, message
        element = message.delta.new_element
        match element.WhichOneof("type"):
            case "text_input":
                self._know(element.text_input.id)
            case "selectbox":
                key = self._know(element.selectbox.id)
                self.options[key] = list(element.selectbox.options)
            case "alert" | "exception":
                raise RuntimeError(f"the server met a bug: {element}")
            case "bidi_component":
                if self._know(element.bidi_component.id) == "task_list":
                    self.shown = json.loads(element.bidi_component.json)
                    self.answered = perf_counter()
            case "dataframe" | "arrow_data_frame" | "json":  # of a page that is not ours
                self.answered = perf_counter()

    def _know(self, widget_id: str) -> str:
        """Remember a widget by its key, the last part of its id: $$ID-hash-key."""
        key = widget_id.split("-", 2)[2]
        self.ids[key] = widget_id
        return key


async def _sit(
    server: Server, token: str, *, start: float, end: float, chance: random.Random, load: Load
) -> None:
    """Load the page before `start`, then click every five seconds until `end`, as one person."""
    async with connect(
        server.address.replace("http", "ws", 1) + "/_stcore/stream",
        additional_headers={"Cookie": f"{sessions.COOKIE}={token}", "Origin": server.address},
        subprotocols=[Subprotocol("streamlit")],
        max_size=None,
    ) as socket:
        session = Session(socket, server.address + "/", chance)
        await asyncio.sleep(chance.random() * ARRIVAL)
        load.loads.append(await session.load())
        due = start + chance.random() * PAUSE
        while due < end:
            await asyncio.sleep(max(0.0, due - perf_counter()))
            load.clicks.append(await session.click())
            due = max(due + PAUSE, perf_counter())
        # everybody is still there at the end
        await asyncio.sleep(max(0.0, end + 2 - perf_counter()))


async def _watch(servers: Sequence[Server], end: float, load: Load) -> None:
    while perf_counter() < end + 1:
        load.rss_after = await asyncio.to_thread(_rss, servers)
        load.rss_peak = max(load.rss_peak, load.rss_after)
        await asyncio.sleep(1)


async def _crowd(servers: Sequence[Server], tokens: Sequence[str], seconds: float) -> Load:
    load = Load(sessions=len(tokens), rss_before=_rss(servers))
    start = perf_counter() + ARRIVAL + 2
    end = start + seconds
    async with asyncio.TaskGroup() as group:
        group.create_task(_watch(servers, end, load))
        for number, (token, server) in enumerate(zip(tokens, cycle(servers), strict=False)):
            chance = random.Random(number)
            group.create_task(_sit(server, token, start=start, end=end, chance=chance, load=load))
    return load


def measure(
    servers: Sequence[Server], staff: Sequence[Person], *, count: int, seconds: float
) -> Load:
    """Let `count` people arrive within some seconds and click every five seconds, each at the next
    of the servers, which share their store; return the load."""
    tokens = [servers[0].sign_in(staff[number % len(staff)].id) for number in range(count)]
    return asyncio.run(_crowd(servers, tokens, seconds))


def _rss(servers: Sequence[Server]) -> float:
    """Return the memory of the servers' processes, in MB."""
    told = subprocess.run(
        ["ps", "-o", "rss=", "-p", ",".join(str(server.process.pid) for server in servers)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return sum(int(line) for line in told.stdout.split()) / 1024
