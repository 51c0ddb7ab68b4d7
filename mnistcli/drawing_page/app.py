"""Web application of the drawing page: its routes (endpoints), and the checks of every request.

Only pages that the server itself has sent may talk to it. The name of the host is checked, so that
no web site can reach it under a name of its own (DNS rebinding), and the origin of each POST, so
that no other page can send images (cross-site request forgery, CSRF).
"""

from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnistcli.drawing_page.corrections import Corrections
from mnistcli.drawing_page.drawing_predictor import DrawingPredictor
from mnistcli.drawing_page.page import build_page
from mnistcli.errors import MnistCliError
from mnistcli.mnist_format import IMAGE_SIDE, NUM_CLASSES

MAX_BODY = 20 * 2**20
"""Maximum number of bytes of an image: more than a phone's camera produces."""

_LOOPBACK = {"127.0.0.1", "localhost", "::1"}
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def build_app(
    predictor: DrawingPredictor, corrections: Corrections, training_command: str
) -> Starlette:
    """Build the application.

    Args:
        predictor: Predicts the drawings.
        corrections: Stores the drawings that were predicted wrongly.
        training_command: The command that trains on them, to show on the page.
    """
    settings = {"model": predictor.model, "maxBytes": MAX_BODY}
    page = build_page(["server.js"], settings, connects_to="'self'")

    async def show(_: Request) -> Response:
        policy = f"{page.policy}; frame-ancestors 'none'"
        return HTMLResponse(page.text, headers={"Content-Security-Policy": policy})

    async def predict(request: Request) -> Response:
        image = await _read_body(request)
        return JSONResponse(await run_in_threadpool(predictor.describe, image))

    async def occlusion_map(request: Request) -> Response:
        pixels = await _read_body(request)
        if len(pixels) != IMAGE_SIDE**2:
            raise HTTPException(400, f"a digit has {IMAGE_SIDE**2} bytes, not {len(pixels)}")
        values = await run_in_threadpool(predictor.occlusion_map, pixels)
        return JSONResponse({"occlusion_map": values})

    async def correct(request: Request) -> Response:
        label = _number(request, "label", NUM_CLASSES)
        prediction = await run_in_threadpool(predictor.predict, await _read_body(request))
        index = _number(request, "digit", max(len(prediction.digits), 1))
        path = await run_in_threadpool(corrections.store, prediction, label, index)
        count = await run_in_threadpool(corrections.count)
        return JSONResponse({"path": str(path), "count": count, "command": training_command})

    return Starlette(
        routes=[
            Route("/", show),
            Route("/predict", predict, methods=["POST"]),
            Route("/occlusion", occlusion_map, methods=["POST"]),
            Route("/corrections", correct, methods=["POST"]),
        ],
        middleware=[Middleware(_SameOrigin)],
        exception_handlers={MnistCliError: _handle_error, HTTPException: _handle_http_error},
    )


class _SameOrigin:
    """Refuses requests under a foreign host name, and those that another page sends.

    Every response gets headers that keep browsers from caching, framing (clickjacking) or
    MIME-sniffing it.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check a request and pass it on."""
        if scope["type"] != "http":
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        reason = _reason_to_refuse(Request(scope))
        answer = _error(403, reason) if reason else self._app
        await answer(scope, receive, send_with_headers)


def _reason_to_refuse(request: Request) -> str:
    """Return why a request is refused; empty if it is not."""
    host = request.headers.get("host", "")
    try:
        name = urlsplit(f"//{host}").hostname
    except ValueError:
        name = None
    if name not in _LOOPBACK:
        return "this page is for this computer only: the host must be 127.0.0.1 or localhost"
    if request.method not in {"GET", "HEAD"}:
        origin = request.headers.get("origin", "")
        # A tunnel may change the port, but page and request then have the same one.
        if origin != f"http://{host}":
            return "the request does not come from this page"
    return ""


async def _read_body(request: Request) -> bytes:
    """Read the body of a request, as long as it is not too large.

    Raises:
        HTTPException: The body has more than `MAX_BODY` bytes.
    """
    too_large = HTTPException(413, f"an image has at most {MAX_BODY // 2**20} MiB")
    content_length = request.headers.get("content-length", "0")
    if not content_length.isdigit() or int(content_length) > MAX_BODY:
        raise too_large
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > MAX_BODY:
            raise too_large
    return bytes(body)


def _number(request: Request, name: str, limit: int) -> int:
    """Return a number below a limit from the query.

    Raises:
        HTTPException: The parameter is missing, not a number or too large.
    """
    text = request.query_params.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and int(text) < limit):
        raise HTTPException(400, f"{name} must be a number below {limit}")
    return int(text)


def _error(status: int, message: str) -> Response:
    return JSONResponse({"error": message}, status)


async def _handle_error(_: Request, error: Exception) -> Response:
    message = error.message if isinstance(error, MnistCliError) else str(error)
    return _error(422, message)


async def _handle_http_error(_: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    return _error(error.status_code, error.detail)
