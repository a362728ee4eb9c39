"""The headers on every response that tell the browser what it may do."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Scope, Send

from lib.web import index_page

CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        # the hashes are those of the scripts that stand in the page itself
        f"script-src 'self' blob: 'wasm-unsafe-eval' {index_page.script_hashes()}",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "frame-src 'self' blob:",
        "frame-ancestors 'none'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
    )
)
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HSTS = "max-age=31536000"  # a year; includeSubDomains is for the proxy to say
UNLESS_SET = {  # a document may be shown inside a page of ours, and sets its own
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Frame-Options": "DENY",
}
MAY_BE_CACHED = ("/static/", "/favicon.png")  # contain nobody's data


def stamped(send: Send, scope: Scope) -> Send:
    """Return `send` with our headers added to every response that goes through it."""

    async def send_stamped(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(raw=list(message.get("headers", ())))
            for name, value in ALWAYS.items():
                headers[name] = value
            if scope["scheme"] == "https":
                headers["Strict-Transport-Security"] = HSTS
            for name, value in UNLESS_SET.items():
                headers.setdefault(name, value)
            is_public = headers.get("Cache-Control", "").startswith("public")
            if not (is_public and scope["path"].startswith(MAY_BE_CACHED)):
                headers["Cache-Control"] = "no-store"
            message = {**message, "headers": headers.raw}
        await send(message)

    return send_stamped
