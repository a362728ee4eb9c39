"""What a browser session keeps from run to run: the only module that touches Streamlit's session
state.

A value of ours is declared once, where it belongs, with its key, its type and its default. Its key
begins with `kept:`, which no widget's does. What a widget says is read by the widget's own key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

import streamlit as st

T = TypeVar("T")


class Kept(Generic[T]):
    """A value of this session, or none."""

    def __init__(self, name: str) -> None:
        self.key = f"kept:{name}"

    def get(self) -> T | None:
        """Return the value, or None."""
        value: T | None = st.session_state.get(self.key)
        return value

    def require(self) -> T:
        """Return the value. Raise KeyError if there is none."""
        value: T = st.session_state[self.key]
        return value

    def is_there(self) -> bool:
        """Return True if there is a value."""
        return self.key in st.session_state

    def put(self, value: T) -> None:
        """Keep the value from now on."""
        st.session_state[self.key] = value

    def take(self) -> T | None:
        """Return the value, or None, and keep it no longer."""
        value: T | None = st.session_state.pop(self.key, None)
        return value


class KeptOrNew(Kept[T]):
    """A value of this session that is made when it is first asked for."""

    def __init__(self, name: str, make: Callable[[], T]) -> None:
        super().__init__(name)
        self._make = make

    def ensure(self) -> T:
        """Return the value, made anew if there is none."""
        try:
            return self.require()
        except KeyError:
            value = self._make()
            self.put(value)
            return value


class KeptEach(Generic[T]):
    """A value, or none, for each task, form or file."""

    def __init__(self, name: str) -> None:
        self._name = name

    def of(self, *parts: object) -> Kept[T]:
        """Return the value that belongs to these ids."""
        return Kept(_joined(self._name, parts))


class KeptOrNewEach(Generic[T]):
    """A value for each task, form or file, made when it is first asked for."""

    def __init__(self, name: str, make: Callable[[], T]) -> None:
        self._name, self._make = name, make

    def of(self, *parts: object) -> KeptOrNew[T]:
        """Return the value that belongs to these ids."""
        return KeptOrNew(_joined(self._name, parts), self._make)


def _joined(name: str, parts: tuple[object, ...]) -> str:
    return ":".join([name, *map(str, parts)])


def widget(key: str) -> Any:
    """Return what a widget says, or None if the page does not have it."""
    return st.session_state.get(key)


def told(key: str, name: str) -> Any:
    """Return what the browser just told a component of ours, or None: it can tell of a page that
    was left meanwhile, by Back or a link, where its components are gone."""
    return getattr(widget(key), name, None)


def has_widget(key: str) -> bool:
    """Return True if the page has drawn this widget, or is about to with a value of ours."""
    return key in st.session_state


def set_widget(key: str, value: object) -> None:
    """Make a widget that is not drawn yet say this."""
    st.session_state[key] = value


def forget_widget(key: str) -> None:
    """Give a widget that is not drawn yet its default value."""
    st.session_state.pop(key, None)


def typed() -> dict[str, Any]:
    """Return what all widgets say, by key."""
    return st.session_state.to_dict()


def clear() -> None:
    """Forget everything: somebody else has signed in, or nobody."""
    st.session_state.clear()
