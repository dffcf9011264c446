"""The interface that the page calls, and the page itself. Every answer is on disk before the reply is sent.

What a person waits for runs on the event loop itself, as it takes milliseconds; longer work goes to threads.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response

from modicum.core.checks import check_choice
from modicum.core.errors import InputError
from modicum.serve.guard import Guard, Policy
from modicum.serve.label.bodies import Answering, Caller, Changing, Listing, Undoing
from modicum.serve.pages import page_routes
from modicum.workspace.loop import Plane, Reply, Session, Teacher, export, views
from modicum.workspace.loop.events import REMOVE, Event

FORMATS = ("csv", "jsonl", "parquet")
BATCH = ":batch"
"""Ending of the tab under which the rows of the batch view are lent."""


def make_app(session: Session, teacher: Teacher, policy: Policy, *, who: str = "", notes: tuple[str, ...] = ()) -> Any:
    """The app of one session, as ASGI, guarded by a policy."""
    app = FastAPI(title="modicum label", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(_asking(session))
    app.include_router(_changing(session))
    app.include_router(_looking(session, teacher, who, notes))
    app.include_router(_lists(session))
    app.include_router(page_routes("modicum.serve.label"))
    app.add_exception_handler(InputError, _wrong_input)
    app.add_exception_handler(RequestValidationError, _wrong_body)
    return Guard(app, policy)


async def _wrong_input(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": views.clean(str(error))}, status_code=422)


async def _wrong_body(request: Request, error: Exception) -> Response:
    """Names the field, never what was in it."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()[0]
    where = ".".join(str(part) for part in found["loc"][1:])
    return JSONResponse({"error": f"the request is malformed at {where!r}: {found['msg']}"}, status_code=422)


def _here(session: Session, who: str, tab: str) -> None:
    """A sign of life: the tab keeps its rows, those of the batch view, too."""
    session.here(who, tab)
    with session.lock:
        session.leases.renew(tab + BATCH, session.clock())


def _question(session: Session, who: str, tab: str) -> dict[str, Any] | None:
    found = session.ask(who, tab)
    return None if found is None else views.question(session, *found, who)


def _asking(session: Session) -> APIRouter:
    """Questions, answers, and taking them back."""
    router = APIRouter(prefix="/api")

    @router.post("/ask")
    async def ask(body: Caller) -> dict[str, Any]:
        _here(session, body.who, body.tab)
        return {"question": _question(session, body.who, body.tab)}

    @router.post("/answer")
    async def answer(body: Answering) -> dict[str, Any]:
        reply = Reply(
            body.kind,
            tuple(body.rows),
            tuple(body.classes),
            body.text,
            body.how,
            body.model,
            body.final,
            body.request,
        )
        event = session.answer(body.who, reply)
        return {"event": event.n} | ({"question": _question(session, body.who, body.tab)} if body.ask else {})

    @router.post("/undo")
    async def undo(body: Undoing) -> dict[str, Any]:
        taken = session.undo(body.who, body.tab, body.request)
        question = _question(session, body.who, body.tab)
        return {"undone": None if taken is None else _told(session, taken), "question": question}

    return router


def _changing(session: Session) -> APIRouter:
    """Changes of classes, and tabs that are closed."""
    router = APIRouter(prefix="/api")

    @router.post("/classes")
    async def change(body: Changing) -> dict[str, Any]:
        if body.action == "add":
            number = session.add_class(body.who, body.name, body.description, body.request)
        elif body.action == "rename":
            number = session.rename_class(body.who, body.into, body.name, body.request)
        else:
            number = session.merge_classes(body.who, body.numbers, body.into, body.request)
        return {"number": number, "classes": views.classes(session)}

    @router.post("/leave")
    async def leave(body: Caller) -> dict[str, Any]:
        if body.tab.endswith(BATCH):  # the page is open, and would go on renewing what is only shortened
            with session.lock:
                session.leases.release(session.leases.held(body.tab))
        else:
            session.leave(body.tab)
            session.leave(body.tab + BATCH)
        return {}

    return router


def _told(session: Session, event: Event) -> dict[str, Any]:
    """What was taken back; a lasso that removed labels is told from one that added some by the sets that came of it."""
    rows = [session.board.row_of[item] for item in event.items if item in session.board.row_of]
    removed = event.sets and not set(event.classes) & set(event.sets[0])
    return {
        "kind": REMOVE if removed else event.kind,
        "rows": rows,
        "classes": [views.clean(name) for name in event.classes],
    }


def _looking(session: Session, teacher: Teacher, who: str, notes: tuple[str, ...]) -> APIRouter:
    """What is known of the session, of one row, of all."""
    router = APIRouter(prefix="/api")

    @router.get("/start")
    async def start() -> dict[str, Any]:
        told = {"who": views.clean(who), "notes": [views.clean(note) for note in notes]}
        return told | views.beginning(session)

    @router.get("/status")
    async def status(who: str, tab: str) -> dict[str, Any]:
        _here(session, who[:200], tab[:200])
        return views.status(session, teacher, who)

    @router.get("/classes")
    async def classes() -> list[dict[str, Any]]:
        return views.classes(session)

    @router.get("/row")
    async def row(row: int, who: str) -> dict[str, Any]:
        return views.standing_of(session, _checked(session, row), who)

    @router.get("/text")
    async def text(row: int) -> dict[str, Any]:
        return {"text": views.clean(session.task.table.texts[_checked(session, row)])}

    @router.get("/export")
    def exported(format: str) -> Response:
        check_choice(format, FORMATS, "format")
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"labels.{format}"
            export(session, path)
            data = path.read_bytes()
        return Response(data, media_type="application/octet-stream")

    return router


def _lists(session: Session) -> APIRouter:
    """Rows in groups, in queues and on the map."""
    router, plane = APIRouter(prefix="/api"), Plane(session)

    @router.get("/batches")
    def batches(tab: str) -> list[dict[str, Any]]:
        return views.batches(session, tab[:200] + BATCH)

    @router.get("/review")
    def review() -> list[dict[str, Any]]:
        return views.review(session)

    @router.get("/disagreements")
    def disagreements() -> list[dict[str, Any]]:
        return views.disagreements(session)

    @router.post("/lines")
    async def lines(body: Listing) -> list[dict[str, Any]]:
        return [views.line(session, _checked(session, row)) for row in body.rows]

    @router.get("/map")
    def points() -> dict[str, Any] | None:
        return plane.points()

    return router


def _checked(session: Session, row: int) -> int:
    if not 0 <= row < len(session.board.items):
        raise InputError(f"there is no row {row}; the table has {len(session.board.items):,}")
    return row
