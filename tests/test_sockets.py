"""A tab belongs to the session it was opened in: over real WebSockets to a real server."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from websockets.exceptions import InvalidStatus

from lib.web import session
from tests.browser.scene import Scene, seed
from tests.server import Server, running
from tests.stream import stream

pytestmark = pytest.mark.slow

PATIENT = "N017"  # the claim of a task of Northside


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder = tmp_path_factory.mktemp("sockets") / "data"
    cast = seed(folder)
    with running(folder) as server:
        yield Scene(server, cast)
    assert "reference " not in server.log.read_text()


@pytest.fixture
def server(scene: Scene) -> Server:
    return scene.server


@pytest.fixture
def ana(scene: Scene) -> str:
    return scene.server.sign_in(scene.cast.ana.id)


@pytest.fixture
def carla(scene: Scene) -> str:
    return scene.server.sign_in(scene.cast.carla.id)


@pytest.mark.cases(1)
@pytest.mark.parametrize("is_still_there", [True, False])
def test_a_known_session_id_with_another_persons_cookie_gets_nothing(
    server: Server, ana: str, carla: str, is_still_there: bool
) -> None:
    with stream(server, ana) as tab:
        assert "Ana" in tab.draw("q=N017")
        if is_still_there:
            with stream(server, carla, former=tab.session_id) as replayed:
                said = replayed.draw()
    if not is_still_there:
        with stream(server, carla, former=tab.session_id) as replayed:
            said = replayed.draw()

    assert replayed.session_id != tab.session_id
    assert "Carla" in said
    assert "Ana" not in said
    assert "N017" not in said


def test_a_tab_comes_back_to_its_own_session_with_its_own_cookie(server: Server, ana: str) -> None:
    with stream(server, ana) as tab:
        tab.draw()
    with stream(server, ana, former=tab.session_id) as again:
        again.draw()

    assert again.session_id == tab.session_id


def test_a_session_id_is_not_carried_into_the_next_sign_in_of_the_same_person(
    scene: Scene, server: Server, ana: str
) -> None:
    with stream(server, ana) as tab:
        tab.draw()
    with stream(server, server.sign_in(scene.cast.ana.id), former=tab.session_id) as again:
        again.draw()

    assert again.session_id != tab.session_id


def test_the_header_that_binds_a_session_cannot_be_sent_from_outside(
    server: Server, ana: str, carla: str
) -> None:
    forged = {"X-Billing-Tasks-Session": session.binding(ana)}
    with stream(server, ana) as tab:
        tab.draw()
    with stream(server, carla, former=tab.session_id, headers=forged) as replayed:
        replayed.draw()

    assert replayed.session_id != tab.session_id


def test_every_tab_goes_to_sign_in_when_one_signs_out_though_nobody_clicks(
    server: Server, ana: str
) -> None:
    with stream(server, ana) as tab, stream(server, ana) as other:
        tab.draw()
        other.draw()
        server.ask("/sign-out", method="POST", token=ana, origin=server.address)

        assert tab.led_to(10) == other.led_to(10) == "/sign-in?ended"


def test_every_tab_goes_to_sign_in_when_somebody_else_signs_in(
    scene: Scene, server: Server, ana: str
) -> None:
    form = urlencode({"person": scene.cast.carla.id}).encode()
    with stream(server, ana) as tab:
        tab.draw()
        server.ask("/sign-in", method="POST", body=form, origin=server.address, token=ana)

        assert tab.led_to(10) == "/sign-in?ended"


def test_nobody_elses_tab_goes_with_them(server: Server, ana: str, carla: str) -> None:
    with stream(server, ana) as tab, stream(server, carla) as other:
        tab.draw()
        other.draw()
        server.ask("/sign-out", method="POST", token=ana, origin=server.address)
        tab.led_to(10)

        assert "Carla" in other.draw()


def test_a_page_of_ours_that_comes_back_after_its_session_is_led_to_sign_in(
    server: Server, ana: str
) -> None:
    """The computer slept while the session ended: the frontend would knock for ever."""
    server.ask("/sign-out", method="POST", token=ana, origin=server.address)
    own = {"Sec-Fetch-Site": "same-origin"}

    pings = [server.ask(f"/_stcore/{name}", token=ana, headers=own).status
             for name in ("health", "host-config", "metrics")]  # fmt: skip
    with stream(server, ana, former="1-2-3") as tab:
        assert tab.led_to(10) == "/sign-in?ended"
    assert pings == [200, 200, 401]
    assert len(tab.told) == 1


def test_a_page_of_somebody_elses_is_not_led_but_refused(server: Server, ana: str) -> None:
    with pytest.raises(InvalidStatus), stream(server, None, origin="http://127.0.0.1:1"):
        pass
    with pytest.raises(InvalidStatus), stream(server, ana, origin="https://evil.example"):
        pass


def test_after_sign_in_again_one_is_back_where_the_tab_was(server: Server) -> None:
    page = f"{server.address}/edit_charge?task=7"

    led = server.ask("/sign-in?ended", headers={"Referer": page}).text
    from_elsewhere = server.ask("/sign-in?ended", headers={"Referer": "http://evil.example/x"}).text

    assert 'name="next" value="/edit_charge?task=7"' in led
    assert 'name="next" value="/"' in from_elsewhere
