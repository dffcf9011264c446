"""How everything that cannot be answered is told: a status, one sentence, and never what was sent."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException

from modicum.core.errors import InputError
from modicum.serve.predict.batching import Closed, Full, Late
from modicum.serve.predict.service import Service, TooLong, Unwritten

AGAIN = "1"
"""Seconds after which a refused caller may come again, where nothing better is known."""
SHOWN = 40
"""Characters of a part of a place that are repeated: a key may be the caller's own."""


def add_refusals(app: FastAPI, service: Service) -> None:
    """Have the app answer errors of the service, of bodies and of calls."""

    async def refuse(request: Request, error: Exception) -> Response:
        if isinstance(error, Unwritten):
            service.log.write("feedback refused", reason=str(error))
        status, reason = refusal_of(error, service.limits.patience)
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        if status in (429, 503):
            headers["retry-after"] = str(error.after) if isinstance(error, Full) else AGAIN
        return JSONResponse({"error": reason}, status, headers)

    async def defect(request: Request, error: Exception) -> Response:
        reason = f"there is a defect; the log has it under the id {request.state.id}"
        return JSONResponse({"error": reason}, 500)

    app.add_exception_handler(Exception, defect)
    for kind in (InputError, RequestValidationError, HTTPException, Full, Closed, Late, TooLong, Unwritten):
        app.add_exception_handler(kind, refuse)


def refusal_of(error: Exception, patience: float) -> tuple[int, str]:
    """Status and reason.

    Args:
        error: What was raised.
        patience: Seconds in which requests are answered.
    """
    match error:
        case InputError():
            return 422, str(error).encode("utf-8", "replace").decode()
        case RequestValidationError():
            return _malformed(error)
        case HTTPException(status_code=400):
            return 400, "the body cannot be read as JSON"
        case HTTPException():
            return error.status_code, str(error.detail)
        case Full():
            return 429, str(error)
        case Closed():
            return 503, "the service is stopping; try again"
        case Late():
            return 503, f"the request was not begun within {patience:g} s; try again"
        case Unwritten():
            return 503, "the correction cannot be written; nothing was saved"
    return 504, f"the answer did not come within {patience:g} s; send fewer items"


def _malformed(error: RequestValidationError) -> tuple[int, str]:
    found = error.errors()[0]
    if found["type"] == "json_invalid":
        return 400, "the body is not JSON"
    where = ".".join(str(part)[:SHOWN] for part in found["loc"][1:]).encode("utf-8", "replace").decode()
    return 422, f"the request is malformed at {where or 'body'!r}: {found['msg']}"
