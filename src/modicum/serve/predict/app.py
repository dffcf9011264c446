"""The interface over HTTP, and the page to try it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from modicum import __version__
from modicum.core.errors import InputError
from modicum.serve.guard import Guard, Policy
from modicum.serve.pages import page_routes
from modicum.serve.predict.bodies import (
    Answered,
    Asking,
    Correcting,
    Encoded,
    Encoding,
    Found,
    Searching,
    Taken,
    refusals,
)
from modicum.serve.predict.feedback import Correction, check_labels
from modicum.serve.predict.limits import Limits
from modicum.serve.predict.metrics import TYPE
from modicum.serve.predict.observing import Observed
from modicum.serve.predict.refusing import add_refusals
from modicum.serve.predict.served import ENCODE, NO_INDEX, PREDICT, SEARCH
from modicum.serve.predict.service import Service
from modicum.workspace.search import Query

GUARDED = ("/v1/", "/metrics", "/openapi.json")
ABOUT = "Answers from one bundle of modicum. Requests are answered in batches with those of other clients."


def make_app(service: Service, policy: Policy) -> Any:
    """The app of a service, as ASGI: guarded, timed and logged."""
    app = FastAPI(
        title="modicum serve",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    routers = (_answering(service), _correcting(service), _looking(service), _operating(service))
    for router in routers:
        app.include_router(router)
    paths = {route.path for router in routers for route in router.routes if isinstance(route, APIRoute)}
    app.include_router(page_routes("modicum.serve.predict"))
    add_refusals(app, service)
    return Observed(Guard(app, policy), service, frozenset({"/", "/openapi.json", *paths}))


def _answering(service: Service) -> APIRouter:
    """What is asked of the model."""
    router = APIRouter(prefix="/v1", tags=["answers"])

    @router.post("/predict", response_model=Answered, responses=refusals())
    async def predict(body: Asking, request: Request) -> Response:
        """Classes, calibrated probabilities and prediction sets of texts."""
        _check(body.items, service.limits, request)
        found = await service.ask(PREDICT, [(text, body.top) for text in body.items])
        served = found[0][0]
        return _json({"bundle": served.name, "recipe": served.recipe, "answers": [answer for _, answer in found]})

    @router.post("/encode", response_model=Encoded, responses=refusals())
    async def encode(body: Encoding, request: Request) -> Response:
        """Vectors of texts, by the bundle's encoder."""
        _check(body.items, service.limits, request)
        found = await service.ask(ENCODE, [(text, body.form) for text in body.items])
        encoder = found[0][0].encoder
        vectors = [vector for _, vector in found]
        return _json({"encoder": encoder.name, "dimension": encoder.dimension, "vectors": vectors})

    @router.post("/search", response_model=Found, responses=refusals(404))
    async def search(body: Searching, request: Request) -> Response:
        """Rows of the table that the bundle was made on."""
        if service.current.search is None:
            raise HTTPException(404, NO_INDEX)
        _check([body.query, *body.like, *body.unlike], service.limits, request)
        query = Query(body.query, tuple(body.like), tuple(body.unlike))
        ((_, found),) = await service.ask(SEARCH, [(query, body.top)])
        if isinstance(found, InputError):
            raise found
        return _json(found)

    return router


def _correcting(service: Service) -> APIRouter:
    """What the model is told."""
    router = APIRouter(prefix="/v1", tags=["feedback"])

    @router.post("/feedback", response_model=Taken, responses=refusals(404))
    async def feedback(body: Correcting, request: Request) -> Response:
        """The right label of a text; it is on disk when this is answered."""
        if service.feedback is None:
            raise HTTPException(404, "corrections are not taken here; start modicum serve with --feedback JOURNAL")
        _check([body.text], service.limits, request)
        labels = check_labels(service.current.bundle, body.label)
        return _json(await service.correct(Correction(body.text, labels, body.who, body.request)))

    return router


def _looking(service: Service) -> APIRouter:
    """What is known of the service."""
    router = APIRouter(prefix="/v1", tags=["the service"])

    @router.get("/status", responses=refusals())
    def status() -> dict[str, Any]:
        """The bundle, what it can do, and how recent traffic compares with its table."""
        served = service.current
        return {
            "bundle": served.name,
            "recipe": served.recipe,
            "encoder": served.encoder.name,
            "classes": list(served.bundle.classes),
            "search": served.search is not None,
            "feedback": service.feedback is not None,
            "waiting": service.waiting,
            "seconds": round(time.time() - service.began),
            "drift": served.drift.figures().to_dict(),
        }

    return router


def _operating(service: Service) -> APIRouter:
    """What those who run the service ask for."""
    router = APIRouter(tags=["the service"])

    @router.get("/healthz")
    @router.head("/healthz", include_in_schema=False)
    async def health() -> dict[str, str]:
        """Whether the process lives."""
        return {"status": "ok"}

    @router.get("/readyz", responses={503: {"description": "A request would be refused now."}})
    @router.head("/readyz", include_in_schema=False)
    async def ready() -> Response:
        """Whether a request would be taken."""
        told = {"status": "ready" if service.ready else "busy", "bundle": service.current.name}
        return JSONResponse(told, 200 if service.ready else 503)

    @router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    def metrics() -> Response:
        """Figures as Prometheus reads them."""
        return Response(service.metrics.text(), media_type=TYPE)

    return router


def _check(texts: Sequence[str], limits: Limits, request: Request) -> None:
    """Refuse more or longer items than one request may hold.

    Raises:
        InputError: There are too many, or one is too long.
    """
    request.state.items = len(texts)
    if len(texts) > limits.items:
        raise InputError(f"a request holds at most {limits.items:,} items, not {len(texts):,}; send several")
    place = next((place for place, text in enumerate(texts) if len(text) > limits.characters), None)
    if place is not None:
        long = len(texts[place])
        raise InputError(f"item {place} has {long:,} characters, and {limits.characters:,} are allowed; shorten it")


def _json(told: Any) -> Response:
    return Response(json.dumps(told, allow_nan=False, separators=(",", ":")), media_type="application/json")
