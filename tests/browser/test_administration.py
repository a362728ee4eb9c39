"""People, Practices and Activity, as an administrator works with them."""

from __future__ import annotations

from playwright.sync_api import expect

from lib import people
from lib.models import Role
from tests.browser.conftest import Sit
from tests.browser.scene import Scene
from tests.given import administrator


def test_an_administrator_invites_changes_a_role_and_deactivates_and_all_is_in_the_activity(
    scene: Scene, sit: Sit
) -> None:
    desk = sit(scene, scene.cast.ana, "/")
    assert desk is not None
